// The state of a cluster that a fault may change: which components run, and which pods services select.
import { components } from '../../../../api/paths.ts';
import { createCalls } from '../../../grade/calls.ts';
import type { LabCalls } from '../../../script/calls.ts';
import type { Course } from '../course.ts';
import type { Mended } from './mutant.ts';
import { type Objects, subjectsIn } from './subjects.ts';

export const objectsIn = async (calls: LabCalls): Promise<Objects> => {
  const list = async <T>(kind: string): Promise<readonly T[]> =>
    (JSON.parse(await calls.kubectl('get', kind, '-A', '-o', 'json')) as { readonly items: readonly T[] }).items;
  const [services, pods, slices] = await Promise.all([
    list<Objects['services'][number]>('services'),
    list<Objects['pods'][number]>('pods'),
    list<Objects['slices'][number]>('endpointslices'),
  ]);
  return { services, pods, slices };
};

/** What a fault had stopped or taken from services, and a solution has brought back. */
export interface State {
  /** Active units, as `node/unit`. */
  readonly units: ReadonlySet<string>;
  readonly selectors: ReadonlyMap<string, string>;
}

/** Without the API server, nothing could be graded. */
export const stoppable = components.filter((name) => name !== 'kube-apiserver');

export const stateOf = async (course: Course): Promise<State> => {
  const { lab, language, signal } = course;
  const { access } = course.bench.site;
  const calls = createCalls({ lab, access, language, signal });
  const active = await Promise.all(
    calls.nodes.map(async (node) => {
      const { stdout } = await calls.run(`node/${node}`, `systemctl is-active ${stoppable.join(' ')} || true`);
      return stdout
        .split('\n')
        .flatMap((state, index) => (state.trim() === 'active' ? [`${node}/${stoppable[index]}`] : []));
    }),
  );
  const { services } = await objectsIn(calls);
  return {
    units: new Set(active.flat()),
    selectors: new Map(
      subjectsIn({ services, pods: [], slices: [] }).map(({ key, service }) => [
        key,
        JSON.stringify(service.spec.selector ?? null),
      ]),
    ),
  };
};

export const mendedBetween = (broken: State, solved: State): Mended => ({
  units: [...solved.units].filter((unit) => !broken.units.has(unit)),
  selectors: [...solved.selectors]
    .filter(
      ([key, selector]) => broken.selectors.has(key) && broken.selectors.get(key) !== selector && selector !== 'null',
    )
    .map(([key]) => key),
});
