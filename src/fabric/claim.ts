// Records which `labs start` may change this cluster now, and whether a start has ever finished. The fabric keeps both,
// because every host can reach it.
import { readFile, writeFile } from 'node:fs/promises';
import type { ClaimOwner, FabricMethods } from '../api/fabric.ts';
import { done, eventually, notYet } from '../kit/eventually.ts';
import { AgentError, run } from './run.ts';

export interface ClaimOptions {
  /** The lock's file. On a tmpfs, so that it is gone after a restart of the fabric. */
  readonly lock?: string;
  /** The mark of a finished start. In the container's file system, so that it survives a stop. */
  readonly completed?: string;
}

/**
 * The claim is a kernel lock (flock(1)). A helper process holds it as long as this agent lives. So an interrupted or
 * killed `labs start` loses the lock at once, and no stale lock can remain.
 */
export const createClaim = (options: ClaimOptions = {}) => {
  const lock = options.lock ?? '/run/labs.lock';
  const completed = options.completed ?? '/var/lib/labs-completed';
  const ownerFile = `${lock}.owner`;
  let held: AbortController | undefined;
  const claim = async ({ owner, takeOver }: Claim['params'] = {}): Promise<Claim['result']> => {
    held ??= takeOver ? await holdOf(lock, ownerFile) : await hold(lock);
    const claimed = held !== undefined;
    if (claimed && owner) await writeFile(ownerFile, JSON.stringify({ owner, agent: process.pid }));
    const other = claimed ? undefined : (await readOwner(ownerFile))?.owner;
    return { claimed, completed: await exists(completed), ...(other ? { owner: other } : {}) };
  };
  const release = async (): Promise<Record<string, never>> => {
    held?.abort();
    held = undefined;
    return {};
  };
  const complete = async (): Promise<Record<string, never>> => {
    if (!held)
      throw new AgentError('FABRIC_NOT_CLAIMED', 'a cluster can only be completed by the agent that holds the claim');
    await writeFile(completed, `${new Date().toISOString()}\n`);
    return {};
  };
  return { claim, release, complete };
};

type Claim = FabricMethods['claim'];

interface Owned {
  readonly owner: ClaimOwner;
  /** The process id of the agent that holds the lock. */
  readonly agent: number;
}

const readOwner = async (file: string): Promise<Owned | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === '' ? undefined : (JSON.parse(text) as Owned);
};

/** How long the lock may take to become free after its agent was ended. */
const takeOverMs = 3000;

/** Ends the agent that holds the lock, and takes the lock. The connection of a killed `labs start` may linger. */
const holdOf = async (lock: string, ownerFile: string): Promise<AbortController | undefined> => {
  const { agent } = (await readOwner(ownerFile)) ?? {};
  if (agent !== undefined && agent !== process.pid && (await isAgent(agent))) process.kill(agent, 'SIGKILL');
  const taking = async () => {
    const held = await hold(lock);
    return held ? done(held) : notYet('another agent holds it');
  };
  return eventually('the claim is free', taking, { timeoutMs: takeOverMs }).catch(() => undefined);
};

/** Another program may have the number of an agent that has ended. */
const isAgent = async (pid: number): Promise<boolean> => {
  const own = await readFile('/proc/self/cmdline', 'utf8');
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === own;
};

/**
 * `cat` reads from a pipe of the agent, so it ends with the agent, and the lock ends with `cat`.
 * @returns a controller that releases the lock; undefined when another agent holds it
 */
export const hold = (lock: string): Promise<AbortController | undefined> => {
  const { promise, resolve } = Promise.withResolvers<AbortController | undefined>();
  const releaseLock = new AbortController();
  const forever = 2 ** 31 - 1;
  // `--no-fork`: the program itself holds the lock, so killing it releases the lock at once.
  run(['flock', '--nonblock', '--no-fork', lock, 'sh', '-c', 'echo held; exec cat'], {
    timeoutMs: forever,
    holdInput: true,
    signal: releaseLock.signal,
    until: (stdout) => {
      if (stdout.includes('held')) resolve(releaseLock);
      return false;
    },
  }).then(
    () => resolve(undefined),
    () => resolve(undefined),
  );
  return promise;
};

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );
