// `labs logs [machine] [unit]`: prints the log of a component from the machine's journal.
import { components } from '../../../api/paths.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import type { Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { listMachines, unknownMachine } from '../machines.ts';
import { programEnvironment, relay } from '../terminal.ts';

export const run: Run = async (context, args, options) => {
  const { say, interrupt } = context;
  const instance = await chooseRunning(context);
  const nodes = (await listMachines(context, instance.name)).filter(({ role }) => role === 'node');
  const machines = nodes.map(({ machine }) => machine);
  // `labs logs kube-apiserver` names only a unit. It means the unit on the first machine, which runs every component.
  const unitFirst = args.length === 1 && (components as readonly string[]).includes(args[0] ?? '');
  const [machine = machines[0] ?? '', unit] = unitFirst ? [undefined, args[0]] : args;
  if (!machines.includes(machine)) throw unknownMachine(context, machine, machines);
  const component = unit === undefined ? undefined : nearest(unit.replace(/\.service$/, ''), components);
  const misspelled = component !== undefined && !unit?.startsWith(component);
  if (unit !== undefined && (misspelled || !/^[\w@.-]+$/.test(unit))) {
    throw new LabError('LAB_UNIT_UNKNOWN', say.unknownUnit(unit), {
      exitCode: ExitCode.usage,
      hint: misspelled ? say.didYouMean(component) : say.units(components.join(', ')),
    });
  }
  const lines = String(options.lines ?? 100);
  const scope = unit === undefined ? components.flatMap((name) => ['-u', name]) : ['-u', unit];
  return relay({
    docker: await context.docker(),
    container: nodes.find((node) => node.machine === machine)?.container ?? '',
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
    interrupt,
  });
};
