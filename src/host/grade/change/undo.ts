// Undoes what a `change` check did to the cluster. The steps are data: a killed grader leaves them in the fabric, and
// the next command that opens the lab runs them.
import { fabricMachine } from '../../../api/cluster.ts';
import type { UnitVerb } from '../../../api/fabric.ts';
import { changeJournal } from '../../../api/paths.ts';
import type { Ipv4 } from '../../../api/scalars.ts';
import { LabError } from '../../../kit/error.ts';
import { type CallsOptions, kubectlCommand } from '../calls.ts';
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
  /** `wasReady`: a node whose kubelet was dead before does not come back. */
  | { readonly do: 'plug'; readonly node: string; readonly address: Ipv4; readonly wasReady: boolean };

type Options = Pick<CallsOptions, 'access' | 'signal'>;

/**
 * Runs each step, also if nothing was done yet, or if it was undone before. Then the change is forgotten.
 * @param settled waits until the cluster is as before
 */
export const finish = async (
  options: Options,
  steps: readonly Undo[],
  settled: () => Promise<void> = async () => {},
): Promise<void> => {
  for (const step of steps) await undo(options, step);
  await settled();
  try {
    await options.access.fabric.call('endChange', {});
  } catch {
    // Ctrl-C has ended the agent, and its lock with it.
    await options.access.exec(fabricMachine, ['rm', '-f', changeJournal], { signal: options.signal });
  }
};

const undo = async (options: Options, step: Undo): Promise<void> => {
  if (step.do === 'create') return await createAgain(options, step);
  if (step.do === 'delete')
    return void (await kubectl(options, ['delete', 'pod', step.name, '-n', step.namespace, ...ifThere, '--now']));
  if (step.do === 'scale') return await scale(options, step);
  if (step.do === 'plug') return await plugIn(options, step);
  const { node, verb, units } = step;
  const place = placeOf(options.access, { machine: node });
  await options.access.fabric.call('systemctl', { place, verb, units });
};

const plugIn = async (options: Options, { node, address, wasReady }: Extract<Undo, { do: 'plug' }>): Promise<void> => {
  await options.access.fabric.call('plug', { address, plugged: true });
  if (wasReady) await kubectl(options, ['wait', '--for=condition=Ready', `node/${node}`, '--timeout=60s']);
};

export const scale = async (
  options: Options,
  { namespace, name, replicas }: Omit<Extract<Undo, { do: 'scale' }>, 'do'>,
): Promise<void> => {
  await kubectl(options, ['scale', `deployment/${name}`, '-n', namespace, `--replicas=${replicas}`]);
};

const ifThere = ['--ignore-not-found'];

/**
 * Undoes what a killed grader has left.
 * @returns whether there was something
 */
export const repairChange = async (options: Options): Promise<boolean> => {
  // The fabric of a lab that an older labs has started knows no changes.
  const { left } = await options.access.fabric.call('leftChange', {}).catch((): { left?: string } => ({}));
  if (left === undefined) return false;
  await finish(options, JSON.parse(left) as readonly Undo[]);
  return true;
};

const createAgain = async (options: Options, { uid, manifest }: Extract<Undo, { do: 'create' }>): Promise<void> => {
  const { namespace, name } = manifest.metadata;
  const pod = [`pod/${name}`, '-n', namespace];
  const state = async (): Promise<string> =>
    await kubectl(options, [
      ...['get', ...pod, '--ignore-not-found'],
      ...['-o', 'jsonpath={.metadata.uid} {.metadata.deletionTimestamp}'],
    ]);
  const [known, deleted] = (await state()).split(' ');
  if (known !== undefined && known !== '' && (known !== uid || !deleted)) return;
  if (deleted) await kubectl(options, ['wait', '--for=delete', ...pod, '--timeout=40s']);
  await kubectl(options, ['create', '-f', '-'], JSON.stringify(manifest));
  // The next check finds the cluster as before.
  await kubectl(options, ['wait', '--for=condition=Ready', ...pod, '--timeout=40s']);
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
  throw new LabError('LAB_CHANGE_FAILED', `\`kubectl ${argv.slice(0, 2).join(' ')}\` failed: ${stderr.trim()}`);
};
