// `labs stop` and `labs delete`. They read only labels, so they work without the definition and on incomplete clusters.
import type { Containers } from '../docker/port.ts';
import { removeGroups } from '../plan/boot.ts';
import { labels } from '../plan/names.ts';
import { closeGateway, removeGateway } from './gateway.ts';
import { findMachines, type Machine } from './machines.ts';

/** Time for systemd to stop its units. A unit has at most 2 s (DefaultTimeoutStopSec). */
const graceSeconds = 3;

/** Stops all machines at once. @returns how many machines there are; 0 when there is no such cluster */
export const stopCluster = async (containers: Containers, name: string, signal?: AbortSignal): Promise<number> => {
  const machines = await findMachines(containers, name, signal);
  await all([closeGateway(containers, name), stopMachines(containers, machines)]);
  return machines.length;
};

export const stopMachines = async (containers: Containers, machines: readonly Machine[]): Promise<void> => {
  await all(machines.map(({ id }) => containers.stop(id, graceSeconds)));
};

/**
 * Deletes everything of a cluster. Lists the machines again after each pass, because a `labs start` may be running.
 * @returns how many machines were removed
 */
export const deleteCluster = async (containers: Containers, name: string): Promise<number> => {
  let removed = 0;
  // Before the machines: a deletion that is killed here can be repeated, because the machines still name the lab.
  await removeGateway(containers, name);
  for (let pass = 0; pass < 5; pass += 1) {
    const machines = await findMachines(containers, name);
    if (machines.length === 0) break;
    const [fabric, ...others] = machines;
    if (fabric?.role === 'fabric' && fabric.status === 'running') {
      await removeMachines(containers, others);
      // An engine with cgroup v1 leaves them. If this fails, the fabric of the next lab removes them.
      await containers.exec(fabric.id, { command: removeGroups(name) }).catch(() => {});
    }
    await removeMachines(containers, machines);
    removed += machines.length;
  }
  const volumes = await containers.volumes.list({ [labels.name]: name });
  await all(volumes.map((volume) => containers.volumes.remove(volume.name)));
  return removed;
};

export const removeMachines = async (containers: Containers, machines: readonly Machine[]): Promise<void> => {
  await all(machines.map(({ id }) => containers.remove(id)));
};

/** Waits for all of them, then throws the first failure. */
const all = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
};
