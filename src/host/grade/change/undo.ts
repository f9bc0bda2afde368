// Undoes what a `change` check did to the cluster. The steps are data: a killed grader leaves them in the fabric, and
// the next command that opens the lab runs them.
import { fabricMachine } from '../../../api/cluster.ts';
import type { UnitVerb } from '../../../api/fabric.ts';
import { changeJournal } from '../../../api/paths.ts';
import type { Ipv4 } from '../../../api/scalars.ts';
import { LabError, messageOf } from '../../../kit/error.ts';
import { type CallsOptions, kubectlCommand, withoutLog } from '../calls.ts';
import { placeOf } from '../collect.ts';

interface Manifest {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

export type Undo =
  /** A pod that had this uid. */
  | { readonly do: 'create'; readonly uid: string; readonly manifest: Manifest }
  | { readonly do: 'delete'; readonly namespace: string; readonly name: string }
  | { readonly do: 'scale'; readonly namespace: string; readonly name: string; readonly replicas: number }
  | { readonly do: 'units'; readonly node: string; readonly verb: UnitVerb; readonly units: readonly string[] }
  /** `wasReady`: a node whose kubelet was dead before does not come back. `pods`: those that were ready on it. */
  | {
      readonly do: 'plug';
      readonly node: string;
      readonly address: Ipv4;
      readonly wasReady: boolean;
      readonly pods: readonly { readonly namespace: string; readonly name: string }[];
    };

type Options = Pick<CallsOptions, 'access' | 'signal'>;

/** What could not be undone, as phrases. */
export interface Problems {
  /** The student's own finalizer, unit or program is the cause. */
  readonly theirs: readonly string[];
  /** Kept for later, whoever is the cause. */
  readonly kept: readonly string[];
  readonly ours: readonly string[];
}

/** A step is done as far as it can be, and the student's work keeps the cluster from being as before. */
class Theirs extends Error {
  /** Tried again by a later command. */
  readonly isOpen: boolean;
  constructor(message: string, { isOpen }: { readonly isOpen: boolean }) {
    super(message);
    this.isOpen = isOpen;
  }
}

interface FinishOptions {
  /** Waits until the cluster is as before. */
  readonly settled?: () => Promise<void>;
  /** For how long a pod may take to go or to come. */
  readonly patienceMs?: number;
  /** These steps were kept before: they replace those. */
  readonly again?: boolean;
}

/** A pod needs a few seconds; on a busy machine more. */
const podMs = 40_000;

/**
 * Runs each step, also if nothing was done yet, if it was undone before, or if an earlier step has failed. Then the
 * change is over: what could not be undone is kept, and a later command tries again. Never rejects for a step.
 */
export const finish = async (
  options: Options,
  steps: readonly Undo[],
  { settled = async () => {}, patienceMs = podMs, again = false }: FinishOptions = {},
): Promise<Problems> => {
  const open: Undo[] = [];
  const problems = { theirs: [] as string[], kept: [] as string[], ours: [] as string[] };
  for (const step of steps) {
    try {
      await undo(options, step, patienceMs);
    } catch (error) {
      const isTheirs = error instanceof Theirs;
      problems[isTheirs ? 'theirs' : 'ours'].push(messageOf(error));
      if (isTheirs && !error.isOpen) continue;
      open.push(step);
      problems.kept.push(nameOf(step));
    }
  }
  if (open.length === 0) await settled();
  await end(options, open, again);
  return problems;
};

const end = async ({ access, signal }: Options, open: readonly Undo[], forget: boolean): Promise<void> => {
  const keep = open.length === 0 ? {} : { keep: JSON.stringify(open) };
  try {
    await access.fabric.call('endChange', { ...keep, ...(forget ? { forget } : {}) });
  } catch {
    // Ctrl-C has ended the agent, and its lock with it. The record stays if there is something left to do.
    if (open.length > 0) return;
    await access.exec(fabricMachine, ['rm', '-f', changeJournal], { signal });
  }
};

const nameOf = (step: Undo): string => {
  if (step.do === 'create') return `pod ${step.manifest.metadata.name}`;
  if (step.do === 'delete') return `pod ${step.name}`;
  if (step.do === 'scale') return `deployment ${step.name}`;
  return step.node;
};

const undo = async (options: Options, step: Undo, patienceMs: number): Promise<void> => {
  if (step.do === 'create') return await createAgain(options, step, patienceMs);
  if (step.do === 'delete') return await deleteAdded(options, step, patienceMs);
  if (step.do === 'scale') return await scaleBack(options, step);
  if (step.do === 'plug') return await plugIn(options, step);
  const { node, verb, units } = step;
  try {
    await options.access.fabric.call('systemctl', { place: placeOf(options.access, { machine: node }), verb, units });
  } catch (error) {
    throw isOfUnit(error) ? new Theirs(messageOf(error), { isOpen: false }) : error;
  }
};

/** The machine's root has made a unit that does not start. */
export const isOfUnit = (error: unknown): boolean => error instanceof LabError && error.code === 'FABRIC_UNIT';

const plugIn = async (
  options: Options,
  { node, address, wasReady, pods }: Extract<Undo, { do: 'plug' }>,
): Promise<void> => {
  await options.access.fabric.call('plug', { address, plugged: true });
  if (!wasReady) return;
  const wait = ['wait', '--for=condition=Ready', `node/${node}`, '--timeout=60s'];
  if (!(await succeeds(options, wait)))
    throw new Theirs(`${node} is on the network again, but not Ready after 60 s`, { isOpen: false });
  // The kubelet reports its pods only after that, and services have no endpoints there until then. Somebody may have
  // deleted a pod meanwhile.
  for (const { namespace, name } of pods)
    await succeeds(options, ['wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=30s']);
};

export const scale = async (
  options: Options,
  { namespace, name, replicas }: Omit<Extract<Undo, { do: 'scale' }>, 'do'>,
): Promise<void> => {
  await kubectl(options, ['scale', `deployment/${name}`, '-n', namespace, `--replicas=${replicas}`]);
};

/** Nothing is to be undone where somebody has deleted the deployment. */
const scaleBack = async (options: Options, step: Extract<Undo, { do: 'scale' }>): Promise<void> => {
  const found = ['get', `deployment/${step.name}`, '-n', step.namespace, '--ignore-not-found', '-o', 'name'];
  if ((await kubectl(options, found)) !== '') await scale(options, step);
};

/**
 * Undoes what others have left.
 * @returns undefined if there was nothing
 */
export const repairChange = async (options: Options): Promise<Problems | undefined> => {
  // The fabric of a lab that an older labs has started knows no changes.
  const { left, kept } = await options.access.fabric
    .call('leftChange', {})
    .catch((): { left?: string; kept?: string } => ({}));
  if (left === undefined && kept === undefined) return undefined;
  const steps = [left, kept].flatMap((text) => JSON.parse(text ?? '[]') as readonly Undo[]);
  // What could not be undone before is only tried: every command would wait for it.
  return await finish(options, steps, { again: true, ...(left === undefined ? { patienceMs: 1000 } : {}) });
};

interface PodState {
  readonly uid?: string;
  readonly isGoing: boolean;
  readonly finalizers: string;
}

const podState = async (options: Options, namespace: string, name: string): Promise<PodState> => {
  const fields = ['uid', 'deletionTimestamp', 'finalizers[*]'].map((field) => `{.metadata.${field}}`).join('|');
  const pod = ['get', `pod/${name}`, '-n', namespace, '--ignore-not-found', '-o', `jsonpath=${fields}`];
  const [uid = '', deleted = '', finalizers = ''] = (await kubectl(options, pod)).split('|');
  return { ...(uid === '' ? {} : { uid }), isGoing: deleted !== '', finalizers };
};

const createAgain = async (
  options: Options,
  { uid, manifest }: Extract<Undo, { do: 'create' }>,
  patienceMs: number,
): Promise<void> => {
  const { namespace, name } = manifest.metadata;
  const pod = [`pod/${name}`, '-n', namespace];
  const timeout = `--timeout=${Math.ceil(patienceMs / 1000)}s`;
  const found = await podState(options, namespace, name);
  // It is there, and nobody deletes it.
  if (found.uid !== undefined && (found.uid !== uid || !found.isGoing)) return;
  if (found.isGoing) {
    // Nothing ends this wait but the owner of the finalizer.
    const wait = found.finalizers === '' ? timeout : '--timeout=1s';
    await succeeds(options, ['wait', '--for=delete', ...pod, wait]);
    const now = await podState(options, namespace, name);
    if (now.uid === uid && now.finalizers !== '')
      throw new Theirs(`the finalizers ${now.finalizers} keep pod ${name} from being deleted`, { isOpen: true });
    if (now.uid === uid) throw failed(`pod ${name} is still there`);
  }
  await kubectl(options, ['create', '-f', '-'], JSON.stringify(manifest));
  // The next check finds the cluster as before.
  if (!(await succeeds(options, ['wait', '--for=condition=Ready', ...pod, timeout])))
    throw new Theirs(`pod ${name} was made again, but is not Ready after ${patienceMs / 1000} s`, { isOpen: false });
};

/** The pod is of labs, and so are its finalizers. */
const deleteAdded = async (
  options: Options,
  { namespace, name }: Extract<Undo, { do: 'delete' }>,
  patienceMs: number,
): Promise<void> => {
  const pod = [`pod/${name}`, '-n', namespace];
  await kubectl(options, ['delete', ...pod, '--ignore-not-found', '--now', '--wait=false']);
  const before = await podState(options, namespace, name);
  if (before.uid === undefined) return;
  const free = async (): Promise<PodState> => {
    const { uid, finalizers } = await podState(options, namespace, name);
    // It may be gone by now.
    if (uid !== undefined && finalizers !== '')
      await succeeds(options, ['patch', ...pod, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    return podState(options, namespace, name);
  };
  const by = before.finalizers;
  await free();
  if (await succeeds(options, ['wait', '--for=delete', ...pod, `--timeout=${Math.ceil(patienceMs / 2000)}s`])) return;
  const now = await free();
  if (now.uid === undefined) return;
  const finalizers = now.finalizers || by;
  if (finalizers !== '')
    throw new Theirs(`the finalizers ${finalizers} keep pod ${name} from being deleted`, { isOpen: true });
  throw failed(`pod ${name} is still there`);
};

const failed = (message: string): LabError => new LabError('LAB_CHANGE_FAILED', message);

/** Whether it went well, such as a `kubectl wait` in time. A deleted object is gone. */
const succeeds = async ({ access, signal }: Options, argv: readonly string[]): Promise<boolean> => {
  const { exitCode, stderr } = await access.exec(fabricMachine, kubectlCommand(argv), { signal });
  return exitCode === 0 || (argv.includes('--for=delete') && /NotFound/.test(stderr));
};

/** Of the fabric, where no student is root. @throws LabError `LAB_CHANGE_FAILED` */
export const kubectl = async (
  { access, signal }: Options,
  argv: readonly string[],
  stdin?: string,
): Promise<string> => {
  const { exitCode, stdout, stderr } = await access.exec(fabricMachine, kubectlCommand(argv), {
    signal,
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (exitCode === 0) return stdout;
  throw failed(`\`kubectl ${argv.slice(0, 2).join(' ')}\` failed: ${withoutLog(stderr)}`);
};
