// `labs status [name]`: shows the machines, their components and the student's progress.
import { hasProxy, membersOf } from '../../../api/cluster.ts';
import { type LabDefinition, localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { openCluster } from '../../cluster/open.ts';
import { type ClusterSummary, type MachineStatus, statusOf } from '../../cluster/status.ts';
import type { Containers } from '../../docker/port.ts';
import type { Clock } from '../../grade/time-limit.ts';
import type { Context, Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { definitionOf } from '../machines.ts';
import { noteReconnected, sayIfDown } from '../session.ts';
import { progressIn } from '../student-progress.ts';
import { table } from '../table.ts';
import { leftLines, timeFields } from '../time-left.ts';
import { unsafeLines } from '../unsafe-nodes.ts';

export const run: Run = async (context, [given]) => {
  const { output, say, json } = context;
  const instance = await chooseInstance(context, given);
  const docker = await context.docker();
  if (instance.state !== 'stopped') await reconnect(context, docker, instance.name);
  const status = await statusOf(docker, instance.name, context.signal);
  const members = status?.members ?? [];
  // If the lab's folder is gone, the status is shown without progress.
  const lab = await definitionOf(context, instance).catch(() => undefined);
  const progress = await progressOf(context, instance, lab);
  const missing = lab === undefined ? [] : missingFrom(members, lab);
  if (json) {
    const { timeLimitSeconds: _, ...summary } = instance;
    const { clock, ...shown } = progress;
    output.line(
      JSON.stringify({ ...summary, machines: members, missing, progress: shown, ...timeFields(clock) }, null, 2),
    );
    return ExitCode.ok;
  }
  const title = progress.title ? ` – ${progress.title}` : '';
  output.line(`${output.paint('bold', instance.name)}${title}: ${say.states[instance.state]}`);
  output.line();
  const rows = [
    ...members.filter(({ role }) => role !== 'fabric').map((machine) => row(context, machine, without(lab))),
    ...missing.map((name) => [name, '-', output.paint('red', say.missing), '-']),
  ];
  for (const line of table([say.machine, say.address, say.state, say.components], rows, output)) output.line(line);
  output.line();
  output.line(say.tasksPassed(progress.passed, progress.tasks));
  for (const line of leftLines(context, progress.clock)) output.line(line);
  if (status?.unsafeNodes)
    for (const line of unsafeLines(context, await docker.engine(context.signal))) output.line(line);
  if (missing.length > 0) output.line(`\n${output.paint('yellow', say.missingHint(instance.name))}`);
  else sayIfDown(context, instance);
  return ExitCode.ok;
};

/** A status is shown also if the fabric does not run or does not answer. */
const reconnect = async (context: Context, docker: Containers, name: string): Promise<void> => {
  await using cluster = await openCluster(docker, name, context.signal).catch(() => undefined);
  if (cluster) noteReconnected(context, cluster);
};

/** The nodes on which the lab has no kube-proxy. A student may install it there. */
const without = (lab: LabDefinition | undefined): ReadonlySet<string> =>
  new Set(lab?.cluster.nodes.filter((node) => !hasProxy(node)).map(({ name }) => name));

const row = ({ output, say }: Context, machine: MachineStatus, unproxied: ReadonlySet<string>): readonly string[] => [
  machine.name,
  machine.address,
  machine.running ? output.paint('green', say.states.running) : output.paint('red', say.states.stopped),
  [
    componentsText(machine, output.paint),
    ...(unproxied.has(machine.name) && !machine.components.some(({ name }) => name === 'kube-proxy')
      ? [say.notInLab('kube-proxy')]
      : []),
  ].join('; '),
];

/** The number of running components, and the names of the components that do not run. */
const componentsText = ({ components }: MachineStatus, paint: Context['output']['paint']): string => {
  const down = components.filter(({ running }) => !running);
  const up = components.length - down.length;
  const wrong = down.map(({ name, state }) => paint('red', `${name} ${state}`)).join(', ');
  if (components.length === 0) return '-';
  return wrong === '' ? `${up}/${components.length}` : `${up}/${components.length}: ${wrong}`;
};

interface ShownProgress {
  readonly title: string;
  readonly tasks: number;
  readonly passed: number;
  /** Of an exam. */
  readonly clock?: Clock;
}

/** The lab's machines whose containers somebody removed. */
const missingFrom = (members: readonly MachineStatus[], { cluster }: LabDefinition): readonly string[] =>
  membersOf(cluster).filter((name) => !members.some((member) => member.name === name));

const progressOf = async (
  context: Context,
  instance: ClusterSummary,
  lab: LabDefinition | undefined,
): Promise<ShownProgress> => {
  if (!lab) return { title: '', tasks: 0, passed: 0 };
  const { language } = context.environment;
  const { passed, clock } = await (await progressIn(context, instance.name)).read();
  const title = localize(lab.title, language);
  return { title, tasks: lab.tasks.length, passed: passed.length, ...(clock ? { clock } : {}) };
};
