// Reads /proc. A machine may have thousands of processes, so only some files are open at a time.
import { readFile, readlink } from 'node:fs/promises';
import { createLimit } from '../kit/limit.ts';
import { AgentError } from './run.ts';

const limit = createLimit(64);

/** The text of a file of a process, or undefined if the process has ended. @throws AgentError `FABRIC_UNREADABLE` */
export const readProc = (path: string): Promise<string | undefined> => limit(() => unlessEnded(readFile(path, 'utf8')));

/** Where a link of a process leads, or undefined if the process has ended. @throws AgentError `FABRIC_UNREADABLE` */
export const linkOf = (path: string): Promise<string | undefined> => limit(() => unlessEnded(readlink(path)));

/** ESRCH: the process ended after its file was opened. EACCES: it is just ending, or it is none of the lab's. */
const ended: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Any other error, such as EMFILE, must not look like the end of a process: a check would then fail the student. */
const unlessEnded = async (read: Promise<string>): Promise<string | undefined> => {
  try {
    return await read;
  } catch (error) {
    if (ended.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new AgentError('FABRIC_UNREADABLE', error instanceof Error ? error.message : String(error));
  }
};
