// Records which `labs start` may change this cluster now, and whether a start has ever finished. The fabric keeps both,
// because every host can reach it.
import { readFile, writeFile } from 'node:fs/promises';
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
  let held: AbortController | undefined;
  const claim = async (): Promise<{ claimed: boolean; completed: boolean }> => {
    held ??= await hold(lock);
    return { claimed: held !== undefined, completed: await exists(completed) };
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

/**
 * `cat` reads from a pipe of the agent, so it ends with the agent, and the lock ends with `cat`.
 * @returns a controller that releases the lock; undefined when another agent holds it
 */
const hold = (lock: string): Promise<AbortController | undefined> => {
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
