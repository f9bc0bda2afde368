// Lists the processes of a machine from the kernel: /proc of the engine's machine, which the fabric shares.
import { readdir } from 'node:fs/promises';
import type { ProcessFact } from '../api/facts.ts';
import { linkNow, readProc, readProcNow } from './proc.ts';
import { AgentError } from './run.ts';

export interface MachineProcess {
  /** In the fabric's (the engine's) process-id namespace. */
  readonly hostPid: number;
  /** Inside the machine. */
  readonly pid: number;
  /** e.g. `net:[4026532450]` */
  readonly netns: string;
  /** By a signal such as SIGSTOP, or by a debugger. */
  readonly isStopped: boolean;
  /** The kernel's name for the program, at most 15 letters. */
  readonly name: string;
}

/** One process of the engine's machine. */
export interface Stat {
  readonly hostPid: number;
  readonly parent: number;
  /** Its process ids, from the namespace of the agent down to its own. */
  readonly pids: readonly number[];
  /** e.g. `pid:[4026532449]`; undefined for a process in the agent's own namespace. */
  readonly namespace: string | undefined;
  readonly isStopped: boolean;
  readonly name: string;
}

/** All processes of the engine's machine: one reading for all questions that arrive together. */
export interface ProcessTable {
  /** Begins after the call, so that an answer is never older than its question. */
  read(): Promise<readonly Stat[]>;
}

export const createProcessTable = (readAll = readProcesses): ProcessTable => {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<readonly Stat[]> | undefined;
  const begin = (): Promise<readonly Stat[]> => {
    next = undefined;
    const reading = readAll();
    running = reading.then(
      () => {},
      () => {},
    );
    return reading;
  };
  return {
    read() {
      // Questions in the same turn of the event loop, or during a reading, share the next reading.
      next ??= running.then(nextTurn).then(begin);
      return next;
    },
  };
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const hostPids = async (): Promise<readonly number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

/** How many processes are read in one go. Other answers of the agent go out in between. */
const atOnce = 200;

const readProcesses = async (): Promise<readonly Stat[]> => {
  const pids = await hostPids();
  const all: Stat[] = [];
  for (let start = 0; start < pids.length; start += atOnce) {
    if (start > 0) await nextTurn();
    all.push(...pids.slice(start, start + atOnce).flatMap((pid) => readStat(pid) ?? []));
  }
  return all;
};

/**
 * The processes of the machine whose process 1 is `initPid`: those of its process-id namespace and those of the
 * namespaces below it (pods), which are their descendants.
 * @throws AgentError `FABRIC_NO_MACHINE` when that process is gone
 */
export const machineProcesses = async (table: ProcessTable, initPid: number): Promise<readonly MachineProcess[]> => {
  const init = machineInit(initPid);
  return membersOf(await table.read(), init);
};

/** Of all processes, those of the machine with this process 1. */
export const membersOf = (all: readonly Stat[], init: Stat): readonly MachineProcess[] => {
  const level = init.pids.length;
  const candidates = all.filter((stat) => stat.pids.length >= level);
  const own = candidates.filter(({ namespace }) => namespace !== undefined && namespace === init.namespace);
  const inside = withDescendants(candidates, own);
  return candidates
    .filter(({ hostPid }) => inside.has(hostPid))
    .map(({ hostPid, pids, isStopped, name }) => ({
      hostPid,
      pid: pids[level - 1] ?? 0,
      netns: linkNow(`/proc/${hostPid}/ns/net`) ?? '',
      isStopped,
      name,
    }))
    .filter(({ netns }) => netns !== '')
    .sort((a, b) => a.pid - b.pid);
};

/**
 * The process 1 of a machine. The number may belong to another process by now. So it must be process 1 of a namespace
 * below the engine's; otherwise a probe could start outside of the lab.
 * @throws AgentError `FABRIC_NO_MACHINE`
 */
export const machineInit = (pid: number): Stat => {
  const init = readStat(pid);
  if (init && init.pids.length > 1 && init.pids.at(-1) === 1) return init;
  throw new AgentError(
    'FABRIC_NO_MACHINE',
    `process ${pid} is not a machine: the machine has stopped, or was restarted`,
  );
};

/** Whether a process is the component of its unit. See genuine.ts. */
type Judge = (process: {
  readonly hostPid: number;
  readonly unit: string | undefined;
  readonly isStopped: boolean;
}) => Promise<boolean | undefined>;

/** The command lines and units of processes, read from the kernel. */
export const describeProcesses = async (
  members: readonly MachineProcess[],
  isGenuine: Judge = async () => undefined,
): Promise<readonly ProcessFact[]> => {
  const described = await Promise.all(members.map((member) => describe(member, isGenuine)));
  return described.filter((fact) => fact !== undefined);
};

/** Where a process of a frozen cgroup waits in the kernel, by its versions. Its state says only that it sleeps. */
const frozen = /^(?:do_freezer_trap|get_signal|__refrigerator)$/;

const describe = async (
  { hostPid, pid, netns, ...member }: MachineProcess,
  isGenuine: Judge,
): Promise<ProcessFact | undefined> => {
  const [commandLine, cgroup = '', waits = ''] = await Promise.all(
    ['cmdline', 'cgroup', 'wchan'].map((name) => readProc(`/proc/${hostPid}/${name}`)),
  );
  // A thread of the kernel, or a process that has ended but is still listed, has no command line.
  if (!commandLine) return undefined;
  const words = wordsOf(commandLine);
  const unit = unitOf(cgroup);
  const isStopped = member.isStopped || frozen.test(waits);
  const genuine = await isGenuine({ hostPid, unit, isStopped });
  return {
    pid,
    command: words[0]?.split('/').pop() ?? '',
    arguments: words.slice(1),
    networkNamespace: netns,
    state: isStopped ? 'stopped' : 'running',
    ...(unit === undefined ? {} : { unit }),
    ...(genuine === undefined ? {} : { genuine }),
  };
};

/** A process that renamed itself (`process.title`) has one argument that holds the whole command line. */
const wordsOf = (commandLine: string): string[] => {
  const words = commandLine.replace(/\0+$/, '').split('\0');
  return words.length === 1 ? (words[0] ?? '').trim().split(/\s+/) : words;
};

/** The last unit in the path of the unified hierarchy: `0::/…/system.slice/kube-proxy.service`. */
const unitOf = (cgroup: string): string | undefined => /^0::.*\/([^/\n]+\.service)(?:\/[^\n]*)?$/m.exec(cgroup)?.[1];

export const readStat = (hostPid: number): Stat | undefined => {
  const status = readProcNow(`/proc/${hostPid}/status`);
  if (status === undefined) return undefined;
  const pids = (/^NSpid:\s+(.+)$/m.exec(status)?.[1] ?? '').split(/\s+/).map(Number);
  return {
    hostPid,
    parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
    pids,
    namespace: pids.length > 1 ? linkNow(`/proc/${hostPid}/ns/pid`) : undefined,
    // T: stopped by a signal; t: by a debugger.
    ...headOf(status),
  };
};

/** What the first lines of a status say: its name, and T when a signal, t when a debugger has stopped it. */
export const headOf = (status: string): Pick<Stat, 'name' | 'isStopped'> => {
  const [, name = '', state] = /^Name:\s+(.*)\n(?:Umask:.*\n)?State:\s+(\S)/.exec(status) ?? [];
  return { name, isStopped: state === 'T' || state === 't' };
};

const withDescendants = (all: readonly Stat[], roots: readonly Stat[]): ReadonlySet<number> => {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const inside = new Set(roots.map(({ hostPid }) => hostPid));
  // A set's loop also visits what is added meanwhile.
  for (const pid of inside) for (const { hostPid } of children.get(pid) ?? []) inside.add(hostPid);
  return inside;
};
