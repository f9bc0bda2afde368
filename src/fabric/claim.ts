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
  let held = false;
  const claim = async (): Promise<{ claimed: boolean; completed: boolean }> => {
    if (!held) held = await hold(lock);
    return { claimed: held, completed: await exists(completed) };
  };
  const complete = async (): Promise<Record<string, never>> => {
    if (!held) throw new AgentError('FABRIC_NOT_CLAIMED', 'only who holds the claim can complete a cluster');
    await writeFile(completed, `${new Date().toISOString()}\n`);
    return {};
  };
  return { claim, complete };
};

/** `cat` ends when the agent does, as its standard input is a pipe from the agent; with it ends the lock. */
const hold = (lock: string): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const forever = 2 ** 31 - 1;
  run(['flock', '--nonblock', lock, 'sh', '-c', 'echo held; exec cat'], {
    timeoutMs: forever,
    holdInput: true,
    until: (stdout) => {
      if (stdout.includes('held')) resolve(true);
      return false;
    },
  }).then(
    () => resolve(false),
    () => resolve(false),
  );
  return promise;
};

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );
