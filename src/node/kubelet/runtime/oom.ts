// With cgroup v1, the kernel kills one process of a container that needs too much memory. This file then ends the whole
// container, as the kernel itself does with cgroup2.
import type { Cgroups } from '../../sys/cgroup.ts';
import type { Crun } from '../../sys/crun.ts';
import { groupOf } from './launch.ts';
import type { ContainerRecord } from './runtime.ts';

export interface MemoryWatch {
  readonly cgroups: Cgroups;
  readonly crun: Pick<Crun, 'kill'>;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  readonly signal: AbortSignal;
}

/** cgroup v1 tells only programs that use eventfd about a kill, and Node.js cannot. A look reads one small file. */
const lookMs = 250;

/** Looks until the signal aborts. Does nothing on a node with cgroup2. */
export const watchMemory = ({ cgroups, crun, containers, signal }: MemoryWatch): void => {
  if (cgroups.killsWholeGroup || !cgroups.controllers.has('memory')) return;
  const look = async (): Promise<void> => {
    for (const record of containers.values()) {
      if (record.exit || !record.memoryLimited || (await cgroups.oomKills(groupOf(record))) === 0) continue;
      // The next look tries again.
      await crun.kill(record.id, 'KILL').catch(() => {});
    }
    if (!signal.aborted) setTimeout(() => void look(), lookMs).unref();
  };
  void look();
};
