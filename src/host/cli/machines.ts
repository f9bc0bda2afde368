// Which machine of a running lab is which, as Docker's labels tell.

import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { findLab } from '../lab/catalogue.ts';
import { labels } from '../plan/names.ts';
import type { Context } from './context.ts';

/** The definition from which an instance was made: its folder is on a label where it isn't one of ours. */
export const definitionOf = async (context: Context, instance: ClusterSummary): Promise<LabDefinition> => {
  const docker = await context.docker();
  const [fabric] = await docker.list({ [labels.name]: instance.name, [labels.role]: 'fabric' }, context.signal);
  return findLab(context.paths.labs, fabric?.labels[labels.folder] ?? instance.lab);
};

export interface NamedContainer {
  readonly machine: string;
  readonly container: string;
  readonly role: string;
}

/** The machines that can be worked in, the control plane first. */
export const workplaces = async (context: Context, instance: string): Promise<readonly NamedContainer[]> => {
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
export const controlPlaneOf = async (context: Context, instance: string): Promise<NamedContainer> => {
  const [first] = await workplaces(context, instance);
  if (first?.role === 'node') return first;
  const { say } = context;
  throw new LabError('LAB_NOT_READY', say.notReady(instance, say.states.incomplete), { exitCode: ExitCode.usage });
};
