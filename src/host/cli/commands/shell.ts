// `labs shell NODE|POD|client [-- command]`: a shell on a machine or in a pod, with a real terminal where there is one.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import { choose } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { type NamedContainer, workplaces } from '../machines.ts';
import { relay } from '../terminal.ts';

export const run: Run = async (context, [given, ...rest]) => {
  const instance = await chooseRunning(context);
  const places = await workplaces(context, instance.name);
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  const target = await targetOf(context, places, given ?? (await choosePlace(context, places)), command);
  const { output, interrupt } = context;
  return relay({
    docker: await context.docker(),
    container: target.container,
    command: { command: target.command, environment: shellEnvironment(context), folder: '/root' },
    terminal: output.interactive,
    interrupt,
  });
};

interface Target {
  readonly container: string;
  readonly command: readonly string[];
}

const targetOf = async (
  context: Context,
  places: readonly NamedContainer[],
  wanted: string,
  command: readonly string[],
): Promise<Target> => {
  const machine = places.find((place) => place.machine === wanted);
  if (machine) return { container: machine.container, command: command.length > 0 ? command : ['bash', '-l'] };
  const [controlPlane] = places;
  const pod = controlPlane && (await findPod(context, controlPlane.container, wanted));
  if (!pod) {
    const names = places.map((place) => place.machine);
    throw new LabError('LAB_MACHINE_UNKNOWN', context.say.unknownMachine(wanted), {
      exitCode: ExitCode.usage,
      hint: context.say.unknownMachineHint(nearest(wanted, names), names.join(', ')),
    });
  }
  const interactive = context.output.interactive ? '-it' : '-i';
  const program = command.length > 0 ? command : ['sh'];
  return {
    container: controlPlane.container,
    command: ['kubectl', 'exec', interactive, '-n', pod.namespace, pod.name, '--', ...program],
  };
};

/** `web` or `namespace/web`. */
const findPod = async (
  context: Context,
  controlPlane: string,
  wanted: string,
): Promise<{ namespace: string; name: string } | undefined> => {
  const [namespace, name] = wanted.includes('/') ? wanted.split('/', 2) : ['default', wanted];
  if (!namespace || !name || !/^[a-z0-9][a-z0-9.-]*$/.test(namespace) || !/^[a-z0-9][a-z0-9.-]*$/.test(name)) return;
  const { exitCode } = await (await context.docker()).exec(controlPlane, {
    command: ['kubectl', 'get', 'pod', '-n', namespace, name, '-o', 'name'],
    signal: context.signal,
  });
  return exitCode === 0 ? { namespace, name } : undefined;
};

const choosePlace = (context: Context, places: readonly NamedContainer[]): Promise<string> => {
  const names = places.map((place) => place.machine);
  return choose(
    context,
    context.say.whichMachine,
    names.map((name) => ({ value: name, label: name })),
    () =>
      new LabError('LAB_MACHINE_NEEDED', context.say.machineNeeded, {
        exitCode: ExitCode.usage,
        hint: context.say.unknownMachineHint(undefined, names.join(', ')),
      }),
  );
};

/** The user's own terminal type; nothing else crosses over. */
const shellEnvironment = ({ environment, output }: Context): Record<string, string> => ({
  TERM: environment.variables.TERM ?? (output.interactive ? 'xterm' : 'dumb'),
  LANG: 'C.UTF-8',
});
