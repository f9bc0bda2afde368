// Wrong solutions: a fault is hidden, and not mended.
import { components } from '../../../../api/paths.ts';
import { type Derivation, type Mutant, patch, restoreSpec } from './mutant.ts';

/** Without the API server, nothing could be graded. */
const known: ReadonlySet<string> = new Set(components.filter((name) => name !== 'kube-apiserver'));

/** The fault is hidden: what it had stopped is stopped, and what it had written into the kernel is there. */
export const stopped = (from: Derivation): readonly Mutant[] => {
  const { calls, say, mended, tasks } = from;
  const wanted = new Map<string, Set<string>>();
  const add = (key: string, task: string): void => void wanted.set(key, (wanted.get(key) ?? new Set()).add(task));
  for (const [task, { units }] of mended) for (const unit of units) add(unit, task);
  for (const { task, components: named } of tasks)
    for (const { key } of named) if (known.has(key.split('/')[1] ?? '')) add(key, task.id);
  return [...wanted].map(([key, ids]) => {
    const [node = '', unit = ''] = key.split('/');
    return {
      group: `stopped on ${node}`,
      what: say.stopped(unit, node),
      tasks: [...ids],
      services: [],
      apply: () => calls.systemctl(node, 'stop', unit),
      undo: [{ key: `${unit} of ${node}`, run: () => calls.systemctl(node, 'start', unit) }],
    };
  });
};

/** The fault is hidden: the service has no selector, and endpoints that somebody wrote. */
export const handmadeEndpoints = (from: Derivation): readonly Mutant[] => {
  const { calls, say, mended, subjects } = from;
  return [...mended].flatMap(([task, { selectors }]) =>
    subjects
      .filter(({ key, endpoint }) => selectors.includes(key) && endpoint !== undefined)
      .map((subject): Mutant => {
        const { namespace, name, endpoint, port } = subject;
        const slice = `${name}-labs-test`;
        return {
          group: 'endpoints',
          what: say.endpoints(subject.key),
          tasks: [task],
          services: [subject.key],
          apply: async () => {
            // First the endpoints, so that the service works all the time.
            await calls.apply(
              JSON.stringify({
                apiVersion: 'discovery.k8s.io/v1',
                kind: 'EndpointSlice',
                metadata: { name: slice, namespace, labels: { 'kubernetes.io/service-name': name } },
                addressType: 'IPv4',
                ports: [
                  { ...(port?.name === undefined ? {} : { name: port.name }), port: endpoint?.port, protocol: 'TCP' },
                ],
                endpoints: [{ addresses: [endpoint?.address], conditions: { ready: true } }],
              }),
            );
            await patch(from, subject, [{ op: 'remove', path: '/spec/selector' }]);
          },
          undo: [
            restoreSpec(from, subject),
            {
              key: `slice of ${subject.key}`,
              run: () => calls.kubectl('delete', 'endpointslice', slice, '-n', namespace, '--ignore-not-found'),
            },
          ],
        };
      }),
  );
};
