// Starts the machines inside of their containers, through the fabric.
import { fabricMachine } from '../../api/cluster.ts';
import type { Fabric } from './fabric.ts';
import type { RunningMachine, StartedMachine } from './machines.ts';

/** A machine has a file system to make, on an engine that may be busy with a class. */
const timeoutMs = 45_000;

/**
 * Boots the machines that do not run yet.
 * @param claimed this connection holds the claim of the cluster. Without it, the fabric asks for the claim itself
 * @returns those that run, with the process 1 of each; also the fabric
 * @throws LabError LAB_NO_USER_NAMESPACE and others, with the kernel's reason
 */
export const bootMachines = async (
  fabric: Fabric,
  machines: readonly StartedMachine[],
  { claimed, signal }: { readonly claimed: boolean; readonly signal?: AbortSignal | undefined },
): Promise<readonly RunningMachine[]> => {
  const members = machines.filter(({ name }) => name !== fabricMachine);
  const { inits } = await fabric.call(
    claimed ? 'boot' : 'reboot',
    {
      machines: members.map(({ name, containerPid, container, ids }) => ({
        machine: name,
        pid: containerPid,
        group: container,
        ...(ids === undefined ? {} : { ids }),
      })),
    },
    { timeoutMs, ...(signal ? { signal } : {}) },
  );
  return machines.flatMap((machine) => {
    const pid = machine.name === fabricMachine ? machine.containerPid : inits[machine.name];
    return pid === undefined ? [] : [{ ...machine, pid }];
  });
};
