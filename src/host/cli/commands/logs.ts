// `labs logs [machine] [unit]`: what a component wrote, from the machine's journal.
import { components } from '../../../api/paths.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import type { Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { workplaces } from '../machines.ts';
import { relay } from '../terminal.ts';

export const run: Run = async (context, args, options) => {
  const { say, interrupt } = context;
  const instance = await chooseRunning(context);
  const nodes = (await workplaces(context, instance.name)).filter(({ role }) => role === 'node');
  const machines = nodes.map(({ machine }) => machine);
  // `labs logs kube-apiserver`: the unit alone, on the first machine; kube-proxy and kubelet have one everywhere.
  const unitFirst = args.length === 1 && (components as readonly string[]).includes(args[0] ?? '');
  const [machine = machines[0] ?? '', unit] = unitFirst ? [undefined, args[0]] : args;
  if (!machines.includes(machine)) {
    throw new LabError('LAB_MACHINE_UNKNOWN', say.unknownMachine(machine), {
      exitCode: ExitCode.usage,
      hint: say.unknownMachineHint(nearest(machine, machines), machines.join(', ')),
    });
  }
  const component = unit === undefined ? undefined : nearest(unit.replace(/\.service$/, ''), components);
  const misspelled = component !== undefined && !unit?.startsWith(component);
  if (unit !== undefined && (misspelled || !/^[\w@.-]+$/.test(unit))) {
    throw new LabError('LAB_UNIT_UNKNOWN', say.unknownUnit(unit), {
      exitCode: ExitCode.usage,
      ...(misspelled ? { hint: say.didYouMean(component) } : {}),
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
      environment: { LANG: 'C.UTF-8' },
    },
    terminal: false,
    interrupt,
  });
};
