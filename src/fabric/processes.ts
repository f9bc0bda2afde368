// Lists the processes of a machine from the kernel: /proc of the engine's machine, which the fabric shares.
import { readdir } from 'node:fs/promises';
import type { ProcessFact } from '../api/fabric.ts';
import { linkOf, readProc } from './proc.ts';
import { AgentError } from './run.ts';

export interface MachineProcess {
  /** In the fabric's (the engine's) process-id namespace. */
  readonly hostPid: number;
  /** Inside the machine. */
  readonly pid: number;
  /** e.g. `net:[4026532450]` */
  readonly netns: string;
}

interface Stat {
  readonly hostPid: number;
  readonly parent: number;
  readonly pids: readonly number[];
}

/**
 * The processes of the machine whose process 1 is `initPid`: those of its process-id namespace and those of the
 * namespaces below it (pods), which are their descendants.
 * @throws AgentError `FABRIC_NO_MACHINE` when that process is gone
 */
export const machineProcesses = async (initPid: number): Promise<readonly MachineProcess[]> => {
  const init = await machineInit(initPid);
  const namespace = await linkOf(`/proc/${initPid}/ns/pid`);
  const all = (await Promise.all((await hostPids()).map(readStat))).filter((stat) => stat !== undefined);
  const level = init.pids.length;
  const candidates = all.filter((stat) => stat.pids.length >= level);
  const inside = new Set<number>();
  await Promise.all(
    candidates.map(async ({ hostPid }) => {
      if (namespace !== undefined && (await linkOf(`/proc/${hostPid}/ns/pid`)) === namespace) inside.add(hostPid);
    }),
  );
  addDescendants(candidates, inside);
  const members = candidates.filter(({ hostPid }) => inside.has(hostPid));
  const found = await Promise.all(
    members.map(async ({ hostPid, pids }) => ({
      hostPid,
      pid: pids[level - 1] ?? 0,
      netns: (await linkOf(`/proc/${hostPid}/ns/net`)) ?? '',
    })),
  );
  return found.filter(({ netns }) => netns !== '').sort((a, b) => a.pid - b.pid);
};

/**
 * The process 1 of a machine. The number may belong to another process by now. So it must be process 1 of a namespace
 * below the engine's; otherwise a probe could start outside of the lab.
 * @throws AgentError `FABRIC_NO_MACHINE`
 */
export const machineInit = async (pid: number): Promise<{ readonly pids: readonly number[] }> => {
  const init = await readStat(pid);
  if (init && init.pids.length > 1 && init.pids.at(-1) === 1) return init;
  throw new AgentError(
    'FABRIC_NO_MACHINE',
    `process ${pid} is not a machine: the machine has stopped, or was restarted`,
  );
};

/** The command lines and units of processes, read from the kernel. */
export const describeProcesses = async (members: readonly MachineProcess[]): Promise<readonly ProcessFact[]> => {
  const described = await Promise.all(members.map(describe));
  return described.filter((fact) => fact !== undefined);
};

const describe = async ({ hostPid, pid, netns }: MachineProcess): Promise<ProcessFact | undefined> => {
  const [commandLine, cgroup = '', status = ''] = await Promise.all(
    ['cmdline', 'cgroup', 'status'].map((name) => readProc(`/proc/${hostPid}/${name}`)),
  );
  // A thread of the kernel, or a process that has ended but is still listed, has no command line.
  if (!commandLine) return undefined;
  const words = wordsOf(commandLine);
  const unit = unitOf(cgroup);
  return {
    pid,
    command: words[0]?.split('/').pop() ?? '',
    arguments: words.slice(1),
    networkNamespace: netns,
    // T: stopped by a signal; t: by a debugger.
    state: /^State:\s+[Tt]/m.test(status) ? 'stopped' : 'running',
    ...(unit === undefined ? {} : { unit }),
  };
};

/** A process that renamed itself (`process.title`) has one argument that holds the whole command line. */
const wordsOf = (commandLine: string): string[] => {
  const words = commandLine.replace(/\0+$/, '').split('\0');
  return words.length === 1 ? (words[0] ?? '').trim().split(/\s+/) : words;
};

/** The last unit in the path of the unified hierarchy: `0::/…/system.slice/kube-proxy.service`. */
const unitOf = (cgroup: string): string | undefined => /^0::.*\/([^/\n]+\.service)(?:\/[^\n]*)?$/m.exec(cgroup)?.[1];

const hostPids = async (): Promise<number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

const readStat = async (hostPid: number): Promise<Stat | undefined> => {
  const status = await readProc(`/proc/${hostPid}/status`);
  if (status === undefined) return undefined;
  const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const pids = (/^NSpid:\s+(.+)$/m.exec(status)?.[1] ?? '').split(/\s+/).map(Number);
  return { hostPid, parent, pids };
};

const addDescendants = (all: readonly Stat[], inside: Set<number>): void => {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const open = [...inside];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { hostPid } of children.get(next) ?? []) {
      if (inside.has(hostPid)) continue;
      inside.add(hostPid);
      open.push(hostPid);
    }
  }
};
