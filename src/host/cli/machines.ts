// The machines of a running lab, found by the labels of their containers.
import { membersOf } from '../../api/cluster.ts';
import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { findLab } from '../lab/catalogue.ts';
import { forStudent } from '../lab/hidden.ts';
import { labels } from '../plan/names.ts';
import type { Context } from './context.ts';

/** The definition of the running lab, without the checks that the student does not see. */
export const definitionOf = async (context: Context, instance: ClusterSummary): Promise<LabDefinition> =>
  forStudent(await wholeDefinitionOf(context, instance));

/** With hidden checks. If the lab is outside this package, the fabric's label names the lab's folder. */
export const wholeDefinitionOf = (
  { paths, environment }: Context,
  { lab, folder, variation }: ClusterSummary,
): Promise<LabDefinition> => findLab(paths.labs, folder ?? lab, environment.cacheFolder, variation);

export interface MachineContainer {
  readonly machine: string;
  /** The container's id. */
  readonly container: string;
  readonly role: string;
}

/** Every machine except the fabric, the control plane first. */
export const listMachines = async (context: Context, instance: string): Promise<readonly MachineContainer[]> => {
  const all = await (await context.docker()).list({ [labels.name]: instance }, context.signal);
  const rank = (of: Readonly<Record<string, string>>): number =>
    of[labels.controlPlane] ? 0 : of[labels.role] === 'node' ? 1 : 2;
  return all
    .filter((container) => container.labels[labels.role] !== 'fabric')
    .sort(
      (a, b) =>
        rank(a.labels) - rank(b.labels) ||
        (a.labels[labels.machine] ?? '').localeCompare(b.labels[labels.machine] ?? ''),
    )
    .map((container) => ({
      machine: container.labels[labels.machine] ?? container.name,
      container: container.id,
      role: container.labels[labels.role] ?? '',
    }));
};

/** The machine that runs the API server. @throws LabError `LAB_NOT_READY` */
export const controlPlaneOf = async (context: Context, instance: string): Promise<MachineContainer> => {
  const [first] = await listMachines(context, instance);
  if (first?.role === 'node') return first;
  const { say } = context;
  throw new LabError('LAB_NOT_READY', say.notReady(instance, say.states.incomplete), { exitCode: ExitCode.usage });
};

/**
 * Refuses a machine of the lab whose container somebody removed. A lab whose definition is gone says nothing.
 * @throws LabError `LAB_MACHINE_MISSING`
 */
export const refuseMissing = async (
  context: Context,
  instance: ClusterSummary,
  wanted: string,
  machines: readonly MachineContainer[],
): Promise<void> => {
  if (machines.some(({ machine }) => machine === wanted)) return;
  const lab = await definitionOf(context, instance).catch(() => undefined);
  if (!lab || !membersOf(lab.cluster).includes(wanted)) return;
  const { say } = context;
  throw new LabError('LAB_MACHINE_MISSING', say.machineMissing(wanted), { hint: say.missingHint(instance.name) });
};

/** The error for a name that no machine has. The hint names the nearest machine, or all machines. */
export const unknownMachine = ({ say }: Context, wanted: string, machines: readonly string[]): LabError => {
  const near = nearest(wanted, machines);
  return new LabError('LAB_MACHINE_UNKNOWN', say.unknownMachine(wanted), {
    exitCode: ExitCode.usage,
    hint: near === undefined ? say.machines(machines.join(', ')) : say.didYouMean(`"${near}"`),
  });
};
