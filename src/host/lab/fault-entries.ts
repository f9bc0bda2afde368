// Reads the field `fault` of tasks: which faults are named or may be drawn, with which parameters, and what is wrong.
import { didYouMean } from '../../kit/suggest.ts';
import type { AnyFault } from '../faults/fault.ts';
import { faults, findFault } from '../faults/library.ts';
import type { FaultCluster, Param, Params, Values } from '../faults/params.ts';
import { describeIssue, formatPath, type Path, type Problem, show } from './problem.ts';
import { type Raw, recordOf } from './raw.ts';

/** One fault that may be chosen. */
export interface Candidate {
  readonly fault: AnyFault;
  readonly values: Values<Params>;
}

/** One place of a task for which one fault is chosen. */
export interface Entry {
  /** The index of the task. */
  readonly task: number;
  readonly path: Path;
  /** More than one: the fault is drawn. */
  readonly candidates: readonly Candidate[];
  readonly isDrawn: boolean;
}

export interface Surroundings extends FaultCluster {
  readonly mode: string;
  readonly podNetwork: string;
}

const names = faults.map(({ name }) => name);

export const readEntries = (
  tasks: readonly Raw[],
  cluster: Surroundings,
): { readonly entries: readonly Entry[]; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const entries = tasks.flatMap(({ fault }, task): readonly Entry[] => {
    if (fault === undefined) return [];
    const path: Path = ['tasks', task, 'fault'];
    const written = Array.isArray(fault) ? fault : [fault];
    if (written.length === 0) problems.push({ path, message: 'fault: must not be empty' });
    return written.map((one: unknown, index) => {
      const at = Array.isArray(fault) ? [...path, index] : path;
      const reader = new EntryReader(cluster, problems);
      return { task, path: at, ...reader.entry(one, at) };
    });
  });
  return { entries, problems: [...problems, ...sceneProblems(entries)] };
};

/** Faults of one task and one service share its scene: the same pods, on the same nodes. */
const sceneProblems = (entries: readonly Entry[]): readonly Problem[] =>
  entries.flatMap((entry) => {
    const before = entries.slice(0, entries.indexOf(entry)).filter(({ task }) => task === entry.task);
    const others = before.flatMap(({ candidates }) => candidates);
    for (const { fault, values } of entry.candidates) {
      const scene = fault.scene(values);
      const other = others.find((each) => {
        const present = each.fault.scene(each.values);
        return present.service === scene.service && JSON.stringify(present) !== JSON.stringify(scene);
      });
      if (other) {
        const message = `fault: ${fault.name} and ${other.fault.name} cannot share the service ${scene.service}: they need other pods there`;
        return [{ path: entry.path, message }];
      }
    }
    return [];
  });

class EntryReader {
  readonly #cluster: Surroundings;
  readonly #problems: Problem[];

  constructor(cluster: Surroundings, problems: Problem[]) {
    this.#cluster = cluster;
    this.#problems = problems;
  }

  entry(written: unknown, path: Path): Pick<Entry, 'candidates' | 'isDrawn'> {
    const { draw, ...common } = recordOf(written);
    if (draw === undefined) {
      const named = this.#named(written, path);
      if (!named) return { candidates: [], isDrawn: false };
      this.#refuseUnfit(named.fault, path);
      return { candidates: this.#candidates([named], path), isDrawn: false };
    }
    const at: Path = [...path, 'draw'];
    if (draw !== 'all' && !Array.isArray(draw)) {
      const message = `fault.draw: is ${show(draw)}, must be "all" or a list of faults`;
      this.#problems.push({ path: at, message });
      return { candidates: [], isDrawn: true };
    }
    const every = draw === 'all' ? faults.filter((fault) => fault.drawn !== false) : undefined;
    const listed =
      every?.map((fault) => ({ fault, given: {}, path: at })) ?? this.#list(draw as readonly unknown[], at);
    this.#refuseUnknown(
      common,
      path,
      listed.flatMap(({ fault }) => Object.keys(fault.params)),
    );
    const fitting = listed.filter(({ fault, path: own }) => {
      if (every) return unfit(fault, this.#cluster) === undefined;
      return this.#refuseUnfit(fault, own);
    });
    const named = fitting.map((one) => ({ ...one, given: { ...partFor(one.fault, common), ...one.given } }));
    return { candidates: this.#candidates(named, path), isDrawn: true };
  }

  #list(draw: readonly unknown[], at: Path): readonly Named[] {
    return draw.flatMap((one, index) => this.#named(one, [...at, index]) ?? []);
  }

  #named(written: unknown, path: Path): Named | undefined {
    const isText = typeof written === 'string';
    const { name = isText ? written : undefined, ...given } = isText ? {} : recordOf(written);
    const at = isText ? path : [...path, 'name'];
    const word = isText ? written : name;
    if (word === undefined) {
      this.#problems.push({ path, message: 'fault: is neither the name of a fault nor a map with name or draw' });
      return undefined;
    }
    const fault = findFault(String(word));
    if (!fault) {
      const message = `fault: there is no fault "${String(word)}"${didYouMean(String(word), names)}`;
      this.#problems.push({ path: at, message, rule: 'reference' });
      return undefined;
    }
    this.#refuseUnknown(given, path, Object.keys(fault.params));
    return { fault, given: partFor(fault, given), path };
  }

  #refuseUnknown(given: Raw, path: Path, known: readonly string[]): void {
    for (const key of Object.keys(given).filter((each) => !known.includes(each))) {
      const message = `fault: unknown parameter "${key}"${didYouMean(key, known)}`;
      this.#problems.push({ path, key, message });
    }
  }

  /** @returns whether the fault stays in this cluster */
  #refuseUnfit(fault: AnyFault, path: Path): boolean {
    const why = unfit(fault, this.#cluster);
    if (why !== undefined) this.#problems.push({ path, message: `fault: ${fault.name} ${why}` });
    return why === undefined;
  }

  #candidates(named: readonly Named[], path: Path): readonly Candidate[] {
    return named.flatMap(({ fault, given, path: own }) => {
      const values: Record<string, unknown> = {};
      let isRight = true;
      const fail = (key: string, problem: string): void => {
        isRight = false;
        const message = `${formatPath(['fault', key])}: ${problem}`;
        // Parameters for all that may be drawn stand beside `draw`.
        const at = [...own, key].length > path.length + 1 && !(own.at(-1) === 'draw') ? own : path;
        const known = this.#problems.some((each) => each.key === undefined && each.message === message);
        if (!known) this.#problems.push({ path: [...at, key], message, rule: 'reference' });
      };
      const inOrder = Object.entries(fault.params).sort(
        ([a], [b]) => Number(Object.hasOwn(given, b)) - Number(Object.hasOwn(given, a)),
      );
      for (const [key, param] of inOrder) {
        const value = given[key] ?? param.byDefault(this.#cluster, values);
        const problem = wrongValue(value, param, this.#cluster, values);
        if (problem !== undefined) fail(key, problem);
        values[key] = value;
      }
      return isRight ? [{ fault, values: { ...values, controlPlane: this.#cluster.controlPlane } }] : [];
    });
  }
}

interface Named {
  readonly fault: AnyFault;
  readonly given: Raw;
  readonly path: Path;
}

const partFor = (fault: AnyFault, given: Raw): Raw =>
  Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(fault.params, key)));

/** Why a fault does not stay in a cluster, or breaks nothing there. */
const unfit = ({ modes, podNetworks }: AnyFault, { mode, podNetwork }: Surroundings): string | undefined => {
  if (modes && !modes.includes(mode)) return `needs kube-proxy’s mode ${modes.join(' or ')}; the lab has ${mode}`;
  if (podNetworks && !podNetworks.includes(podNetwork))
    return `needs the pod network ${podNetworks.join(' or ')}; the lab has ${podNetwork}`;
  return undefined;
};

const wrongValue = (
  value: unknown,
  param: Param<string> | Param<number>,
  cluster: Surroundings,
  others: Readonly<Record<string, unknown>>,
): string | undefined => {
  if (value === undefined) return 'the lab has no node for it; it needs two nodes, one with a kube-proxy';
  const { error } = param.schema.safeParse(value, { error: describeIssue });
  if (error) return error.issues[0]?.message;
  if (param.kind !== 'node') return undefined;
  const name = String(value);
  if (!cluster.nodes.includes(name)) return `there is no node "${name}"${didYouMean(name, cluster.nodes)}`;
  if (name === others.caller || name === others.server) return `is ${name}, must be another node than the other pod’s`;
  return undefined;
};
