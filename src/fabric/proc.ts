// Reads /proc. A machine may have thousands of processes, so only some files are open at a time.
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createLimit } from '../kit/limit.ts';
import { AgentError } from './run.ts';

const limit = createLimit(64);

/** The text of a file of a process, or undefined if the process has ended. @throws AgentError `FABRIC_UNREADABLE` */
export const readProc = (path: string): Promise<string | undefined> =>
  limit(() => readFile(path, 'utf8').catch(whyUnreadable));

/**
 * As `readProc`, without a thread: three times as cheap for the thousands of small files of a list of processes.
 * Never for files whose reading can wait for the process itself, such as `cmdline`.
 */
export const readProcNow = (path: string): string | undefined => unlessEnded(() => readFileSync(path, 'utf8'));

/** Where a link of a process leads, or undefined if the process has ended. @throws AgentError `FABRIC_UNREADABLE` */
export const linkNow = (path: string): string | undefined => unlessEnded(() => readlinkSync(path));

/**
 * ESRCH: the process ended after its file was opened. EACCES: it is just ending, or it is none of the lab's. EINVAL:
 * it has ended and waits for its parent, so it has no mounts any more.
 */
const ended: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL']);

/** @throws AgentError `FABRIC_UNREADABLE` */
export const unlessEnded = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    return whyUnreadable(error);
  }
};

/** Any other error, such as EMFILE, must not look like the end of a process: a check would then fail the student. */
const whyUnreadable = (error: unknown): undefined => {
  if (ended.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  throw new AgentError('FABRIC_UNREADABLE', error instanceof Error ? error.message : String(error));
};
