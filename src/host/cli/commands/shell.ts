// `labs shell NODE|POD|client [-- command]`: runs a shell or one command in a machine or a pod, on the user's terminal.
// Without a place, it opens a shell of the user's own machine.
import { ExitCode, LabError } from '../../../kit/error.ts';
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
  const exitCode = await relay({
    docker,
    container: target.container,
    command: { command: target.command, environment: programEnvironment(context), folder: '/root' },
    terminal: output.interactive,
    interrupt,
  });
  // After `labs stop`, the user must not take the prompt of this machine for the node's.
  if (output.interactive && (await docker.inspect(target.container))?.status !== 'running')
    output.note(`\n${output.paint('yellow', `! ${say.machineEnded(given)}`)}`);
  return exitCode;
};

interface Target {
  readonly container: string;
  readonly command: readonly string[];
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
  if (!pod) throw unknownMachine(context, wanted, namesOf(machines));
  const interactive = context.output.interactive ? '-it' : '-i';
  const program = command.length > 0 ? command : ['sh'];
  return {
    container: controlPlane.container,
    command: ['kubectl', 'exec', interactive, '-n', pod.namespace, pod.name, '--', ...program],
  };
};

/** A shell says in one line that a program is missing, and returns 127. Docker prints its own internals instead. */
const runner = ['sh', '-c', 'exec "$@"', 'labs shell'];

/** @param wanted `web`, or `namespace/web` */
export const findPod = async (
  context: Context,
  controlPlane: string,
  wanted: string,
): Promise<{ namespace: string; name: string } | undefined> => {
  const [namespace, name] = wanted.includes('/') ? wanted.split('/', 2) : ['default', wanted];
  if (!namespace || !name || !objectName.test(namespace) || !objectName.test(name)) return;
  const { exitCode, stderr } = await (await context.docker()).exec(controlPlane, {
    command: ['kubectl', 'get', 'pod', '-n', namespace, name, '-o', 'name'],
    signal: context.signal,
  });
  if (exitCode === 0) return { namespace, name };
  if (/NotFound/.test(stderr)) return undefined;
  const { say } = context;
  throw new LabError('LAB_API_SILENT', say.podUnknown(wanted, stderr.trim().split('\n').at(-1) ?? ''), {
    hint: say.apiSilentHint,
  });
};

/** The name of an object. No such name starts with `-`, so kubectl cannot mistake it for an option. */
const objectName = /^[a-z0-9][a-z0-9.-]*$/;

const namesOf = (machines: readonly MachineContainer[]): readonly string[] => machines.map(({ machine }) => machine);
