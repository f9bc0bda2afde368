// Starts the machines of a lab inside of their containers. Their programs (src/host/plan/boot.ts) wait for it, because
// only the fabric may make file systems, control groups and user namespaces.
import { constants } from 'node:fs';
import { access, open, readFile, writeFile } from 'node:fs/promises';
import type { Booted, BootMachine, BootParams } from '../api/wiring.ts';
import { done, eventually, notYet } from '../kit/eventually.ts';
import { delegateGroups, leaveGroups } from './groups.ts';
import { readProc } from './proc.ts';
import { readStat, type Stat } from './processes.ts';
import { AgentError, runOk } from './run.ts';

/** In a container of a machine. The student sees nothing of it. */
const folder = '/run/labs';
const prepareScript = '/labs/state/prepare';
const waitMs = 10_000;

export interface BootClaim {
  /** Only one agent may boot machines at a time. */
  readonly claim: () => Promise<{ readonly claimed: boolean }>;
  readonly release: () => Promise<unknown>;
}

export const createBoot = ({ claim, release }: BootClaim) => {
  const bootAll = async ({ machines }: BootParams): Promise<Booted> => {
    const booted = await Promise.all(machines.map(async (each) => [each.machine, await bootOne(each)] as const));
    return { inits: Object.fromEntries(booted) };
  };
  const rebootAll = async ({ machines }: BootParams): Promise<Booted> => {
    const running = await Promise.all(machines.map(async (each) => [each, await runningInit(each)] as const));
    const inits = running.flatMap(([{ machine }, init]) => (init === undefined ? [] : [[machine, init] as const]));
    const waiting = running.filter(([, init]) => init === undefined).map(([each]) => each);
    // Who holds the claim boots all machines.
    if (waiting.length === 0 || !(await claim()).claimed) return { inits: Object.fromEntries(inits) };
    try {
      return { inits: { ...Object.fromEntries(inits), ...(await bootAll({ machines: waiting })).inits } };
    } finally {
      await release();
    }
  };
  // One agent serves several commands. The claim keeps out only other agents.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn =
    (work: (params: BootParams) => Promise<Booted>) =>
    (params: BootParams): Promise<Booted> => {
      const result = last.then(() => work(params));
      last = result.catch(() => {});
      return result;
    };
  /** `reboot`: for machines that were restarted outside of labs. */
  return { boot: inTurn(bootAll), reboot: inTurn(rebootAll) };
};

const runningInit = async ({ pid }: BootMachine): Promise<number | undefined> => {
  const launcher = launcherOf(pid);
  const init = await initBelow(launcher);
  return init && (await isNamed(launcher)) ? init.hostPid : undefined;
};

/**
 * @returns the machine's process 1, in the engine's process-id namespace
 * @throws AgentError `FABRIC_NO_BOOT` with the reason of the kernel
 */
const bootOne = async (machine: BootMachine): Promise<number> => {
  const running = await runningInit(machine);
  if (running !== undefined) return running;
  const launcher = launcherOf(machine.pid);
  const inside = `/proc/${launcher.hostPid}/root${folder}`;
  await access(`/proc/${launcher.hostPid}/root${prepareScript}`).catch(() => {
    throw new AgentError('FABRIC_OLD_MACHINE', `an older version of labs has made the container of ${machine.machine}`);
  });
  await prepare(machine, launcher);
  const child = await appears(`the launcher of ${machine.machine} waits`, async () => (await childrenOf(launcher))[0]);
  // A killed agent may have got so far.
  if (!(await initBelow(launcher))) {
    await delegateGroups({ ...machine, pid: child.hostPid, launcher: launcher.hostPid });
    await tell(`${inside}/go`);
  }
  const init = await appears(`${machine.machine} has a process 1`, () => initBelow(launcher));
  if (!(await hasBegun(launcher))) {
    // Process 1 waits until nobody else is in its control groups, because systemd wants them for itself.
    await leaveGroups(machine.group, [child.hostPid]);
    await tell(`${inside}/run`);
    await begins(machine, { launcher, init });
  }
  // From now on, commands may enter the machine. Before, they would be in the container's root file system.
  await writeFile(`${inside}/init`, `${init.pids.at(-2)}\n`);
  return init.hostPid;
};

/** Ends the wait of a program that reads a pipe. An open without a reader fails, so it cannot wait for ever. */
const tell = (pipe: string): Promise<void> =>
  appears(`somebody reads ${pipe}`, async () => {
    const writer = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
    await writer?.write('go\n');
    await writer?.close();
    return writer && true;
  }).then(() => {});

/** Process 1 of the container. */
const launcherOf = (pid: number): Stat => {
  const stat = readStat(pid);
  if (stat && stat.pids.length > 1 && stat.pids.at(-1) === 1) return stat;
  throw new AgentError('FABRIC_NO_MACHINE', `process ${pid} is no container: it has stopped, or was restarted`);
};

/** Process 1 of the machine: the child of a child, in a process-id namespace of its own. */
const initBelow = async (launcher: Stat): Promise<Stat | undefined> => {
  for (const child of await childrenOf(launcher))
    for (const grandchild of await childrenOf(child))
      if (grandchild.pids.length === launcher.pids.length + 1 && grandchild.pids.at(-1) === 1) return grandchild;
  return undefined;
};

const begins = async (
  { machine }: BootMachine,
  { launcher, init }: { readonly launcher: Stat; readonly init: Stat },
): Promise<void> => {
  const hasEnded = await appears(`the program of ${machine} begins`, async () => {
    if (await hasBegun(launcher)) return false;
    return readStat(init.hostPid) ? undefined : true;
  });
  if (hasEnded) throw new AgentError('FABRIC_NO_BOOT', `${machine} cannot start: its process 1 has ended`);
};

/** Whether process 1 has changed its root file system, and becomes the machine's own program. */
const hasBegun = (launcher: Stat): Promise<boolean> => says(launcher, 'started');

/** Whether commands find the machine. */
const isNamed = (launcher: Stat): Promise<boolean> => says(launcher, 'init');

const says = ({ hostPid }: Stat, file: string): Promise<boolean> =>
  readFile(`/proc/${hostPid}/root${folder}/${file}`, 'utf8').then(
    (text) => text.trim() !== '',
    () => false,
  );

const childrenOf = async ({ hostPid }: Stat): Promise<readonly Stat[]> => {
  const text = (await readProc(`/proc/${hostPid}/task/${hostPid}/children`)) ?? '';
  const pids = text.trim().split(' ').filter(Boolean).map(Number);
  return pids.flatMap((pid) => readStat(pid) ?? []);
};

/** In the container's mount namespace, whose programs are those of the image. No student can change them. */
const prepare = async ({ machine }: BootMachine, { hostPid }: Stat): Promise<void> => {
  const spaces = ['mnt', 'pid'].map((name, index) => `--${['mount', 'pid'][index]}=/proc/${hostPid}/ns/${name}`);
  try {
    await runOk(['nsenter', ...spaces, '--', '/bin/sh', prepareScript], { timeoutMs: 30_000 });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^`[^`]*` failed: /, '') : String(error);
    throw new AgentError('FABRIC_NO_BOOT', `${machine} cannot start: ${reason}`);
  }
};

const appears = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  eventually(
    what,
    async () => {
      const seen = await look();
      return seen === undefined ? notYet('not yet') : done(seen);
    },
    { timeoutMs: waitMs, intervalMs: 5 },
  );
