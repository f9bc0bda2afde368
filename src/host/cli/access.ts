// Adapts an open cluster to the interface that grading, setups and solutions use.
import { fabricMachine } from '../../api/cluster.ts';
import type { LabDefinition } from '../../api/lab.ts';
import type { Cluster } from '../cluster/open.ts';
import { execIn } from '../cluster/open.ts';
import type { ClusterAccess, MachineAccess } from '../grade/access.ts';
import type { MachineRole } from '../plan/types.ts';
import { createScripts } from '../script/scripts.ts';

/**
 * @param fabricId the id of the fabric container. A cluster that is built again under the same name has another id
 * @param scriptLog takes what the lab's scripts print
 */
export const accessTo = (
  cluster: Cluster,
  lab: LabDefinition,
  { fabricId, scriptLog }: { readonly fabricId: string; readonly scriptLog: (line: string) => void },
): ClusterAccess => {
  const controlPlanes = new Set(
    lab.cluster.nodes.filter(({ role }) => role === 'control-plane').map(({ name }) => name),
  );
  const roleOf = (name: string, role: MachineRole): MachineAccess['role'] => {
    if (role === 'client' || role === 'router' || role === 'host') return role;
    return controlPlanes.has(name) ? 'control-plane' : 'worker';
  };
  return {
    name: cluster.name,
    instance: fabricId,
    ...(cluster.unsafeNodes ? { unsafeNodes: true as const } : {}),
    machines: cluster.machines.map(({ name, role, pid, address, links }) => ({
      name,
      role: roleOf(name, role),
      pid,
      address,
      ...(links ? { links } : {}),
    })),
    fabric: cluster.fabric,
    scripts: createScripts({ log: scriptLog }),
    exec: (machine, argv, options = {}) =>
      machine === fabricMachine
        ? cluster.containers.exec(fabricId, { command: argv, ...options })
        : execIn(cluster, machine, { command: argv, ...options }),
  };
};
