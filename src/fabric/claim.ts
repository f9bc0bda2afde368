// Who may change this cluster now, and whether it was ever completed: kept in the fabric, where every host can see it.
import { readFile, writeFile } from 'node:fs/promises';
import { AgentError, run } from './run.ts';

export interface ClaimOptions {
  /** On a tmpfs, so that a restart of the fabric forgets it. */
  readonly lock?: string;
  /** In the container's own file system, so that a stop keeps it. */
  readonly completed?: string;
}

/**
 * The claim is a kernel lock (flock) that a helper process holds for as long as this agent lives: an interrupted
 * `labs start`, even one that was killed, loses it at once, and none can be left behind.
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
    if (!held) throw new AgentError('FABRIC_NOT_CLAIMED', 'only who holds the claim can complete a cluster');
    await writeFile(completed, `${new Date().toISOString()}\n`);
    return {};
  };
  return { claim, release, complete };
};

/**
 * `cat` ends when the agent does, as its standard input is a pipe from the agent; with it ends the lock.
 * @returns what lets go of the lock; undefined when another holds it
 */
const hold = (lock: string): Promise<AbortController | undefined> => {
  const { promise, resolve } = Promise.withResolvers<AbortController | undefined>();
  const letGo = new AbortController();
  const forever = 2 ** 31 - 1;
  // `--no-fork`: the lock is the program's own, so that killing it lets go at once.
  run(['flock', '--nonblock', '--no-fork', lock, 'sh', '-c', 'echo held; exec cat'], {
    timeoutMs: forever,
    holdInput: true,
    signal: letGo.signal,
    until: (stdout) => {
      if (stdout.includes('held')) resolve(letGo);
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
