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

/** Steps of the host, which this file does not understand. */
type Steps = readonly unknown[];

/** One change at a time: the lock ends with the agent that holds it. */
export const createJournal = ({ lock = '/run/labs-change.lock', file = changeJournal }: JournalOptions = {}) => {
  const keptFile = `${file}.kept`;
  const countFile = `${lock}.count`;
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
  const record = (): Promise<string | undefined> => textOf(file);
  const note = async (): Promise<void> => replace(countFile, String(Number((await textOf(countFile)) ?? 0) + 1));
  return {
    /** Lets the lock go, as the death of the agent does. */
    abandon: release,
    /** Does not begin while another change goes on, or while one waits to be undone. */
    beginChange: async ({ undo }: Begin['params']): Promise<Begin['result']> => {
      if (!(await take())) return { begun: false };
      const left = await record();
      // A change that begins must not overwrite the steps of one that has not ended.
      if (left !== undefined && (!isOwn || (stepsOf(undo).length === 0 && stepsOf(left).length > 0)))
        return { begun: false, left };
      isOwn = true;
      await note();
      await replace(file, undo);
      return { begun: true };
    },
    /** What others have left. The caller then holds the lock and must end the change. */
    leftChange: async (): Promise<Left> => {
      const look = async (): Promise<Left> => {
        const [left, kept] = [await record(), await textOf(keptFile)];
        return { ...(left === undefined ? {} : { left }), ...(kept === undefined ? {} : { kept }) };
      };
      const isNothing = ({ left, kept }: Left): boolean => left === undefined && kept === undefined;
      if (isNothing(await look()) || held !== undefined || !(await take())) return {};
      const found = await look();
      if (isNothing(found)) release();
      return found;
    },
    /** @param keep steps that could not be done. They are kept beside those that were kept before. */
    endChange: async ({ keep, forget }: End['params'] = {}): Promise<Record<string, never>> => {
      if (!held) throw new AgentError('FABRIC_NOT_CLAIMED', 'this agent has begun no change');
      const before = forget ? [] : stepsOf((await textOf(keptFile)) ?? '[]');
      const steps = [...before, ...stepsOf(keep ?? '[]')];
      if (steps.length === 0) await rm(keptFile, { force: true });
      else await replace(keptFile, JSON.stringify(steps));
      await rm(file, { force: true });
      await note();
      release();
      return {};
    },
    /** Whether a change goes on, and how many have begun or ended: what is seen meanwhile may be of the change. */
    changeState: async (): Promise<FabricMethods['changeState']['result']> => ({
      open: (await record()) !== undefined,
      count: Number((await textOf(countFile)) ?? 0),
    }),
  };
};

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/** A half-written record would help nobody. */
const replace = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

const stepsOf = (text: string): Steps => JSON.parse(text) as Steps;

type Begin = FabricMethods['beginChange'];
type End = FabricMethods['endChange'];
type Left = FabricMethods['leftChange']['result'];
