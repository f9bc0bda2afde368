// `labs logs [machine] [unit]`: prints the log of a component from the machine's journal, or the log of a pod.
import { components } from '../../../api/paths.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { printableLine } from '../../../kit/printable.ts';
import { nearest } from '../../../kit/suggest.ts';
import { inMachine } from '../../plan/boot.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { journalFields, journalLine, podLine } from '../log-lines.ts';
import { listMachines, type MachineContainer, refuseMissing } from '../machines.ts';
import { programEnvironment, relay } from '../terminal.ts';
import { findPod, unknownPlace } from './shell.ts';

export const run: Run = async (context, args, options) => {
  const instance = await chooseRunning(context);
  const machines = await listMachines(context, instance.name);
  const nodes = machines.filter(({ role }) => role === 'node');
  // `labs logs kube-apiserver` names only a unit. It means the unit on the first machine, which runs every component.
  const unitFirst = args.length === 1 && (components as readonly string[]).includes(args[0] ?? '');
  const [place = nodes[0]?.machine ?? '', part] = unitFirst ? [undefined, args[0]] : args;
  await refuseMissing(context, instance, place, machines);
  if (machines.some(({ machine, role }) => machine === place && role !== 'node')) throw noLogs(context, place, nodes);
  const node = nodes.find(({ machine }) => machine === place);
  const wanted = { lines: String(options.lines ?? 100), follow: options.follow === true, json: context.json };
  const log = node
    ? await logOfUnit(context, node, part, wanted)
    : await logOfPod(context, nodes, [place, part], wanted);
  return relay({
    docker: await context.docker(),
    container: log.container,
    command: { command: log.command, environment: programEnvironment(context) },
    terminal: false,
    noInput: true,
    // A pod can write anything into its log. A pipe gets it as it is.
    ...(context.json ? { eachLine: log.asJson } : context.output.terminal ? { eachLine: printableLine } : {}),
    interrupt: context.interrupt,
  });
};

const noLogs = ({ say }: Context, place: string, nodes: readonly MachineContainer[]): LabError =>
  new LabError('LAB_NO_LOGS', say.noLogs(place), {
    exitCode: ExitCode.usage,
    hint: say.machines(nodes.map(({ machine }) => machine).join(', ')),
  });

interface Wanted {
  readonly lines: string;
  readonly follow: boolean;
  readonly json: boolean;
}

interface Log {
  readonly container: string;
  /** Prints the log. */
  readonly command: readonly string[];
  /** A line that the command prints with `json` → one JSON object. */
  readonly asJson: (line: string) => string;
}

/** @param unit without it, the log is that of all components */
const logOfUnit = async (
  context: Context,
  { machine, container }: MachineContainer,
  unit: string | undefined,
  { lines, follow, json }: Wanted,
): Promise<Log> => {
  if (unit !== undefined) await refuseUnknownUnit(context, container, unit);
  const units = unit === undefined ? components : [unit];
  const form = json ? ['--output=json', `--output-fields=${journalFields.join(',')}`, '--all'] : [];
  const command = [
    'journalctl',
    '--no-pager',
    '--quiet',
    '-n',
    lines,
    ...form,
    ...units.flatMap((name) => ['-u', name]),
  ];
  return { container, command: follow ? [...command, '-f'] : command, asJson: (line) => journalLine(machine, line) };
};

/** @param part a container of the pod; without it, the log is that of all its containers */
const logOfPod = async (
  context: Context,
  nodes: readonly MachineContainer[],
  [place, part]: readonly [string, string | undefined],
  { lines, follow, json }: Wanted,
): Promise<Log> => {
  const [controlPlane] = nodes;
  const pod = controlPlane && (await findPod(context, controlPlane.container, place));
  if (!pod) throw await unknownPlace(context, nodes, place, 'logs');
  const scope = part === undefined ? ['--all-containers'] : ['-c', part];
  const form = [...(follow ? ['-f'] : []), ...(json ? ['--prefix', '--timestamps'] : [])];
  return {
    container: controlPlane.container,
    command: ['kubectl', 'logs', ...form, `--tail=${lines}`, ...scope, '-n', pod.namespace, pod.name],
    asJson: (line) => podLine(pod, line),
  };
};

/** @throws LabError `LAB_UNIT_UNKNOWN` */
const refuseUnknownUnit = async (context: Context, container: string, unit: string): Promise<void> => {
  const { say } = context;
  const name = unit.replace(/\.service$/, '');
  const component = nearest(name, components);
  if (component === name) return;
  const misspelled = component !== undefined && !unit.startsWith(component);
  if (!misspelled && (await hasUnit(context, container, unit))) return;
  throw new LabError('LAB_UNIT_UNKNOWN', say.unknownUnit(unit), {
    exitCode: ExitCode.usage,
    hint: misspelled ? say.didYouMean(component) : say.units(components.join(', ')),
  });
};

/** Asks systemd of the machine. journalctl says nothing about a unit that does not exist. */
const hasUnit = async (context: Context, container: string, unit: string): Promise<boolean> => {
  if (!/^\w[\w@.-]*$/.test(unit)) return false;
  const { exitCode } = await (await context.docker()).exec(container, {
    command: inMachine(['systemctl', 'cat', unit]),
    signal: context.signal,
  });
  return exitCode === 0;
};
