// `labs logs [machine] [unit]`: prints the log of a component from the machine's journal, or the log of a pod.
import { components } from '../../../api/paths.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { listMachines, unknownMachine } from '../machines.ts';
import { programEnvironment, relay } from '../terminal.ts';
import { findPod } from './shell.ts';

export const run: Run = async (context, args, options) => {
  const { say, interrupt } = context;
  const instance = await chooseRunning(context);
  const nodes = (await listMachines(context, instance.name)).filter(({ role }) => role === 'node');
  const machines = nodes.map(({ machine }) => machine);
  // `labs logs kube-apiserver` names only a unit. It means the unit on the first machine, which runs every component.
  const unitFirst = args.length === 1 && (components as readonly string[]).includes(args[0] ?? '');
  const [machine = machines[0] ?? '', unit] = unitFirst ? [undefined, args[0]] : args;
  const lines = String(options.lines ?? 100);
  if (!machines.includes(machine)) {
    const pod = nodes[0] && (await findPod(context, nodes[0].container, machine));
    if (!pod) throw unknownMachine(context, machine, machines);
    const follow = options.follow === true ? ['-f'] : [];
    // The second operand is a container of the pod.
    const container = unit === undefined ? ['--all-containers'] : ['-c', unit];
    const command = ['kubectl', 'logs', ...follow, `--tail=${lines}`, ...container, '-n', pod.namespace, pod.name];
    return relay({
      docker: await context.docker(),
      container: nodes[0]?.container ?? '',
      command: { command, environment: programEnvironment(context) },
      terminal: false,
      noInput: true,
      interrupt,
    });
  }
  const container = nodes.find((node) => node.machine === machine)?.container ?? '';
  const component = unit === undefined ? undefined : nearest(unit.replace(/\.service$/, ''), components);
  const misspelled = component !== undefined && !unit?.startsWith(component);
  const known = unit === undefined || component === unit.replace(/\.service$/, '');
  if (misspelled || !(known || (await hasUnit(context, container, unit)))) {
    throw new LabError('LAB_UNIT_UNKNOWN', say.unknownUnit(unit ?? ''), {
      exitCode: ExitCode.usage,
      hint: misspelled ? say.didYouMean(component) : say.units(components.join(', ')),
    });
  }
  const scope = unit === undefined ? components.flatMap((name) => ['-u', name]) : ['-u', unit];
  return relay({
    docker: await context.docker(),
    container,
    command: {
      command: [
        'journalctl',
        '--no-pager',
        '--quiet',
        '-n',
        lines,
        ...scope,
        ...(options.follow === true ? ['-f'] : []),
      ],
      environment: programEnvironment(context),
    },
    terminal: false,
    noInput: true,
    interrupt,
  });
};

/** Asks systemd of the machine. journalctl says nothing about a unit that does not exist. */
const hasUnit = async (context: Context, container: string, unit: string): Promise<boolean> => {
  if (!/^\w[\w@.-]*$/.test(unit)) return false;
  const { exitCode } = await (await context.docker()).exec(container, {
    command: ['systemctl', 'cat', unit],
    signal: context.signal,
  });
  return exitCode === 0;
};
