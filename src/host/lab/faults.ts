// Makes ordinary tasks of those that name a fault of the library: with a title, texts, hints, checks and scripts. Works
// on raw data, before validation.
import type { Variation } from '../../api/lab.ts';
import type { FaultCheck } from '../faults/fault.ts';
import type { FaultCluster } from '../faults/params.ts';
import { faultScript } from '../faults/reference.ts';
import { runsProxy } from './cluster-problems.ts';
import { type Chosen, drawFaults } from './fault-draw.ts';
import { readEntries } from './fault-entries.ts';
import { textsOfTask } from './fault-texts.ts';
import type { Path, Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';

export interface Expanded {
  /** The lab without the field `fault`. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Texts that the faults write or complete, by their paths in the lab's folder. */
  readonly texts: ReadonlyMap<string, string>;
  /** Another student or seed may have other faults. */
  readonly isDrawn: boolean;
}

/**
 * @param raw the YAML as plain data, with the values of parameters
 * @param files all files of the folder, relative to it
 */
export const expandFaults = (
  raw: unknown,
  variation: Variation,
  files: ReadonlyMap<string, { toString(): string }>,
): Expanded => {
  const lab = recordOf(raw);
  const tasks = listOf(lab.tasks);
  if (!tasks.some(({ fault }) => fault !== undefined))
    return { value: raw, problems: [], texts: new Map(), isDrawn: false };
  const cluster = clusterOf(recordOf(lab.cluster));
  const { entries, problems } = readEntries(tasks, cluster);
  const drawn = drawFaults(entries, { lab: String(lab.name), variation });
  const texts = new Map<string, string>();
  const expanded = tasks.map((task, index) => {
    if (task.fault === undefined) return (lab.tasks as readonly unknown[])[index];
    const chosen = drawn.chosen.get(index) ?? [];
    for (const [path, text] of textsOfTask(task, chosen, files)) texts.set(path, text);
    return expandTask(task, chosen);
  });
  const all = [...problems, ...drawn.problems, ...tasks.flatMap(ownScripts)];
  return { value: { ...lab, tasks: expanded }, problems: all, texts, isDrawn: entries.some((each) => each.isDrawn) };
};

/** Workers first, because the control plane takes no pods by itself. */
const clusterOf = (cluster: Raw): FaultCluster & { readonly mode: string; readonly podNetwork: string } => {
  const proxy = recordOf(cluster.proxy);
  const nodes = listOf(cluster.nodes);
  const isPlane = ({ role }: Raw): boolean => role === 'control-plane';
  const workers = nodes.filter((node) => !isPlane(node)).map(({ name }) => String(name));
  const sorted = [...nodes.filter((node) => !isPlane(node)), ...nodes.filter(isPlane)];
  return {
    workers,
    nodes: sorted.map(({ name }) => String(name)),
    proxies: sorted.filter((node) => runsProxy(node, cluster)).map(({ name }) => String(name)),
    controlPlane: String(nodes.find(isPlane)?.name ?? 'controlplane'),
    mode: String(proxy.mode ?? 'iptables'),
    podNetwork: String(cluster.podNetwork ?? 'routes'),
  };
};

/** The scripts of such a task are those of its faults. */
const ownScripts = (task: Raw, index: number): readonly Problem[] =>
  task.fault === undefined
    ? []
    : ['setup', 'clear', ...(typeof task.solve === 'string' ? ['solve'] : [])]
        .filter((field) => task[field] !== undefined)
        .map((field) => {
          const path: Path = ['tasks', index];
          return { path, key: field, message: `${field}: a task with a fault has the scripts of the fault; remove it` };
        });

/** A task whose fault is wrong gets a check that is valid, so that nothing else is reported. */
const expandTask = ({ fault: _, solve, ...task }: Raw, chosen: readonly Chosen[]): Raw => {
  const [first] = chosen;
  if (!first) return { title: unknownCheck.title, ...task, checks: [unknownCheck] };
  const uses = chosen.map(({ use }) => use);
  const script = faultScript(uses);
  const hints = chosen.flatMap(({ fault, use }) => fault.hints(use.values));
  const wrong = chosen.flatMap(({ fault, use }) =>
    Object.keys(fault.cheats ?? {}).map((cheat) => faultScript([use], { cheat })),
  );
  const own = Array.isArray(task.checks) ? task.checks : [];
  return {
    title: first.fault.title(first.use.values),
    hints,
    ...task,
    setup: script,
    ...(solve === false ? {} : { solve: script }),
    ...(wrong.length === 0 ? {} : { wrong: [...wrong, ...(Array.isArray(task.wrong) ? task.wrong : [])] }),
    checks: [...checksOf(chosen), ...own],
  };
};

/** Whether a check only stands for those of a fault that is wrong. */
export const isStandIn = (check: unknown): boolean => check === unknownCheck;

const unknownCheck = {
  id: 'unknown',
  title: { en: 'unknown', ko: 'unknown' },
  type: 'object',
  object: 'namespace/default',
};

/** Two faults of one scene have a check in common; others of the same id get a number. */
const checksOf = (chosen: readonly Chosen[]): readonly FaultCheck[] => {
  const all = new Map<string, FaultCheck>();
  for (const { fault, use } of chosen) {
    const ids = new Map<string, string>();
    for (const check of fault.checks(use.values)) {
      const scripted = check.type === 'script' ? { file: faultScript([use], { look: check.id }) } : {};
      const whole: FaultCheck = { ...check, ...scripted };
      const id = freeId(whole, all);
      ids.set(check.id, id);
      const { needs } = whole;
      all.set(id, { ...whole, id, ...(needs === undefined ? {} : { needs: ids.get(String(needs)) ?? needs }) });
    }
  }
  return [...all.values()];
};

const freeId = (check: FaultCheck, taken: ReadonlyMap<string, FaultCheck>): string => {
  for (let number = 1; ; number++) {
    const id = number === 1 ? check.id : `${check.id}-${number}`;
    const present = taken.get(id);
    if (!present || JSON.stringify({ ...present, id: check.id }) === JSON.stringify(check)) return id;
  }
};
