// Remembers how to undo what a `change` check does to the cluster, until it is undone. The fabric keeps it, because the
// grader may be killed.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { FabricMethods } from '../api/fabric.ts';
import { changeJournal } from '../api/paths.ts';
import { hold } from './claim.ts';
import { AgentError } from './run.ts';

export interface JournalOptions {
  /** On a tmpfs: no lock survives the fabric. */
  readonly lock?: string;
  /** In the container's file system, so that it survives a stop. */
  readonly file?: string;
}

/** One change at a time: the lock ends with the agent that holds it. */
export const createJournal = ({ lock = '/run/labs-change.lock', file = changeJournal }: JournalOptions = {}) => {
  let held: AbortController | undefined;
  /** The record is of this agent, which may write it again. */
  let isOwn = false;
  const take = async (): Promise<boolean> => {
    held ??= await hold(lock);
    return held !== undefined;
  };
  const release = (): void => {
    held?.abort();
    held = undefined;
    isOwn = false;
  };
  return {
    /** Lets the lock go, as the death of the agent does. */
    abandon: release,
    /** Does not begin while another change goes on, or while one waits to be undone. */
    beginChange: async ({ undo }: Begin['params']): Promise<Begin['result']> => {
      if (!(await take())) return { begun: false };
      const left = await readFile(file, 'utf8').catch(() => undefined);
      if (left !== undefined && !isOwn) return { begun: false, left };
      isOwn = true;
      // A half-written record would help nobody.
      await writeFile(`${file}.new`, undo);
      await rename(`${file}.new`, file);
      return { begun: true };
    },
    /** What a killed grader has left. The caller then holds the lock and must end the change. */
    leftChange: async (): Promise<FabricMethods['leftChange']['result']> => {
      const isThere = await readFile(file, 'utf8').catch(() => undefined);
      if (isThere === undefined || held !== undefined || !(await take())) return {};
      const left = await readFile(file, 'utf8').catch(() => undefined);
      if (left === undefined) release();
      return left === undefined ? {} : { left };
    },
    endChange: async (): Promise<Record<string, never>> => {
      if (!held) throw new AgentError('FABRIC_NOT_CLAIMED', 'this agent has begun no change');
      await rm(file, { force: true });
      release();
      return {};
    },
  };
};

type Begin = FabricMethods['beginChange'];
