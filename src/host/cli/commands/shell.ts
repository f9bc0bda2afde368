// `labs shell NODE|POD|client [-- command]`: runs a shell or one command in a machine or a pod, on the user's terminal.
// Without a place, it opens a shell of the user's own machine.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { done, eventually, notYet } from '../../../kit/eventually.ts';
import type { Containers } from '../../docker/port.ts';
import { inMachine } from '../../plan/boot.ts';
import type { Context, Run } from '../context.ts';
import { openHostShell } from '../host-shell.ts';
import { chooseRunning } from '../instances.ts';
import { listMachines, type MachineContainer, refuseMissing, unknownMachine } from '../machines.ts';
import { programEnvironment, relay } from '../terminal.ts';

export const run: Run = async (context, [given, ...rest]) => {
  const instance = await chooseRunning(context);
  if (given === undefined) return openHostShell(context, instance);
  const machines = await listMachines(context, instance.name);
  if (given === '--')
    throw new LabError('LAB_PLACE_NEEDED', context.say.placeNeeded, {
      exitCode: ExitCode.usage,
      hint: context.say.machines(namesOf(machines).join(', ')),
    });
  await refuseMissing(context, instance, given, machines);
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  const target = await targetOf(context, machines, given, command);
  const { output, say, interrupt } = context;
  const docker = await context.docker();
  const before = await docker.inspect(target.container);
  const ran = relay({
    docker,
    container: target.container,
    command: { command: target.command, environment: programEnvironment(context), folder: '/root' },
    terminal: output.interactive,
    interrupt,
  });
  if (!output.interactive) return ran;
  const exitCode = await orKilled(ran, docker, target.container);
  // After `labs stop`, the user must not take the prompt of this machine for the node's.
  if (await placeEnded(docker, { ...target, startedAt: before?.startedAt }, exitCode))
    output.note(`\n${output.paint('yellow', `! ${say.machineEnded(given)}`)}`);
  return exitCode;
};

/** 128 + SIGKILL */
const killedCode = 137;

/** The connection may break before Docker tells the exit code of a program in a removed container. */
const orKilled = async (ran: Promise<number>, docker: Containers, container: string): Promise<number> => {
  try {
    return await ran;
  } catch (error) {
    if ((await docker.inspect(container))?.status === 'running') throw error;
    return killedCode;
  }
};

/** How long Docker and systemd may take from the end of a shell to the end of its machine. */
const stopMs = 6000;

/**
 * Whether the machine or the pod is gone. A stop ends the programs first: bash with SIGHUP, SIGTERM or SIGKILL, other
 * shells with 1. So for such an exit code, this waits for the end of the machine.
 */
export const placeEnded = async (
  docker: Containers,
  { container, startedAt, pod }: Target & { readonly startedAt: string | undefined },
  exitCode: number,
): Promise<boolean> => {
  const isUp = async (): Promise<boolean> => {
    const state = await docker.inspect(container);
    return state?.status === 'running' && state.startedAt === startedAt;
  };
  if (!(await isUp())) return true;
  if (pod && (await isPodGone(docker, container, pod))) return true;
  if (![129, 137, 143].includes(exitCode) && !(pod && exitCode === 1)) return false;
  const look = async () => ((await isUp()) ? notYet('not yet') : done(true));
  return eventually('the machine has stopped', look, { timeoutMs: stopMs }).catch(() => false);
};

/** False if the API server does not answer: then the machine is stopping, or nobody knows. */
const isPodGone = async (docker: Containers, container: string, { namespace, name, uid }: Pod): Promise<boolean> => {
  const command = ['kubectl', 'get', 'pod', '-n', namespace, name, '--ignore-not-found', '-o', podPath];
  const { exitCode, stdout } = await docker
    .exec(container, { command: inMachine(command) })
    .catch(() => ({ exitCode: 1, stdout: '' }));
  return exitCode === 0 && stdout.trim() !== uid;
};

/** A pod that is being deleted has another text than one that stays. */
const podPath = 'jsonpath={.metadata.uid} {.metadata.deletionTimestamp}';

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface Target {
  readonly container: string;
  readonly command: readonly string[];
  readonly pod?: Pod;
}

const targetOf = async (
  context: Context,
  machines: readonly MachineContainer[],
  wanted: string,
  command: readonly string[],
): Promise<Target> => {
  const found = machines.find(({ machine }) => machine === wanted);
  if (found)
    return { container: found.container, command: command.length > 0 ? [...runner, ...command] : ['bash', '-l'] };
  const [controlPlane] = machines;
  const pod = controlPlane && (await findPod(context, controlPlane.container, wanted));
  if (!pod) throw await unknownPlace(context, machines, wanted, 'shell');
  const interactive = context.output.interactive ? '-it' : '-i';
  const program = command.length > 0 ? command : ['sh'];
  return {
    container: controlPlane.container,
    pod,
    command: ['kubectl', 'exec', interactive, '-n', pod.namespace, pod.name, '--', ...program],
  };
};

/** A shell says in one line that a program is missing, and returns 127. Docker prints its own internals instead. */
const runner = ['sh', '-c', 'exec "$@"', 'labs shell'];

/** @param wanted `web`, or `namespace/web` */
export const findPod = async (context: Context, controlPlane: string, wanted: string): Promise<Pod | undefined> => {
  const [namespace, name] = wanted.includes('/') ? wanted.split('/', 2) : ['default', wanted];
  if (!namespace || !name || !objectName.test(namespace) || !objectName.test(name)) return;
  const { exitCode, stdout, stderr } = await (await context.docker()).exec(controlPlane, {
    command: inMachine(['kubectl', 'get', 'pod', '-n', namespace, name, '-o', podPath]),
    signal: context.signal,
  });
  if (exitCode === 0) return { namespace, name, uid: stdout.trim() };
  if (/NotFound/.test(stderr)) return undefined;
  const { say } = context;
  throw new LabError('LAB_API_SILENT', say.podUnknown(wanted, stderr.trim().split('\n').at(-1) ?? ''), {
    hint: say.apiSilentHint,
  });
};

/**
 * No machine and no pod of the namespace default has this name. A pod of another namespace may have it.
 * @param command takes the name
 */
export const unknownPlace = async (
  context: Context,
  machines: readonly MachineContainer[],
  wanted: string,
  command: 'shell' | 'logs',
): Promise<LabError> => {
  const [controlPlane] = machines;
  const namespace = controlPlane && (await namespaceOfPod(context, controlPlane.container, wanted));
  if (namespace === undefined) return unknownMachine(context, wanted, namesOf(machines));
  const { say } = context;
  return new LabError('LAB_MACHINE_UNKNOWN', say.unknownMachine(wanted), {
    exitCode: ExitCode.usage,
    hint: say.podElsewhere(namespace, `labs ${command} ${namespace}/${wanted}`),
  });
};

const namespaceOfPod = async (context: Context, controlPlane: string, name: string): Promise<string | undefined> => {
  if (!objectName.test(name)) return undefined;
  const selection = ['--all-namespaces', `--field-selector=metadata.name=${name}`];
  const { exitCode, stdout } = await (await context.docker()).exec(controlPlane, {
    command: inMachine(['kubectl', 'get', 'pods', ...selection, '-o', 'jsonpath={.items[*].metadata.namespace}']),
    signal: context.signal,
  });
  return exitCode === 0 ? stdout.trim().split(' ')[0] || undefined : undefined;
};

/** The name of an object. No such name starts with `-`, so kubectl cannot mistake it for an option. */
const objectName = /^[a-z0-9][a-z0-9.-]*$/;

const namesOf = (machines: readonly MachineContainer[]): readonly string[] => machines.map(({ machine }) => machine);
