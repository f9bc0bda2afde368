// Looks at the processes of machines again and again, and reads only what can have changed. Used by kernel-watch.ts.
// The kernel announces processes only in its first network namespace, which is not the fabric's.
import { readProcNow } from './proc.ts';
import { headOf, hostPids, type MachineProcess, machineInit, membersOf, readStat, type Stat } from './processes.ts';

export type Members = ReadonlyMap<number, readonly MachineProcess[] | undefined>;

export interface ProcessWatch {
  /**
   * Looks once. @returns the processes of each machine, or undefined for a machine that is gone. The same object as
   * before: nothing has changed.
   */
  look(initPids: readonly number[]): Promise<Members>;
}

/** Whether processes have entered another network namespace is looked at only each so many times. */
const wholeEach = 8;

export const createProcessWatch = (): ProcessWatch => {
  const known = new Map<number, Stat>();
  let members: Members = new Map();
  let looks = 0;
  return {
    async look(initPids) {
      const pids = new Set(await hostPids());
      const ended = [...known.keys()].filter((pid) => !pids.has(pid));
      for (const pid of ended) known.delete(pid);
      // Processes outside of the machines are read only once; there may be thousands.
      const inside = new Set([...members.values()].flatMap((list) => (list ?? []).map(({ hostPid }) => hostPid)));
      const added = [...pids].filter((pid) => !known.has(pid) && read(known, pid));
      const changed = [...inside].filter((pid) => isOther(known.get(pid)) && read(known, pid));
      const isSame =
        changed.length === 0 &&
        !ended.some((pid) => inside.has(pid)) &&
        !added.some((pid) => known.get(pid)?.namespace !== undefined) &&
        looks++ % wholeEach !== 0;
      if (isSame && initPids.length === members.size && initPids.every((pid) => members.has(pid))) return members;
      const all = [...known.values()];
      members = new Map(initPids.map((pid) => [pid, membersFrom(all, pid)] as const));
      return members;
    },
  };
};

const read = (known: Map<number, Stat>, pid: number): boolean => {
  const stat = readStat(pid);
  if (stat) known.set(pid, stat);
  return stat !== undefined;
};

/** Whether the process was stopped, goes on, or runs another program. */
const isOther = (stat: Stat | undefined): boolean => {
  const status = stat && readProcNow(`/proc/${stat.hostPid}/status`);
  if (stat === undefined || status === undefined) return false;
  const { name, isStopped } = headOf(status);
  return name !== stat.name || isStopped !== stat.isStopped;
};

const membersFrom = (all: readonly Stat[], pid: number): readonly MachineProcess[] | undefined => {
  try {
    return membersOf(all, machineInit(pid));
  } catch {
    return undefined;
  }
};
