// Keeps what a valid lab.yaml says as JSON in the user's cache. Reading JSON takes a hundredth of the time of YAML.
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';

interface Kept {
  /** Of the lab.yaml that the value is from. */
  readonly source: string;
  readonly value: unknown;
}

/** @returns undefined if nothing is kept, or if the lab.yaml has changed */
export const readParsed = async (cacheFolder: string, path: string, source: string): Promise<unknown> => {
  try {
    const kept: Kept = JSON.parse(await readRegularFile(fileFor(cacheFolder, path)));
    return kept.source === digestOf(source) ? kept.value : undefined;
  } catch {
    return undefined;
  }
};

/** Without a place to write, nothing is kept. */
export const keepParsed = async (cacheFolder: string, path: string, { source, value }: Kept): Promise<void> => {
  const kept: Kept = { source: digestOf(source), value };
  await replaceFile(fileFor(cacheFolder, path), JSON.stringify(kept)).catch(() => {});
};

/** One file for each lab.yaml, so that edits don't leave files behind. */
const fileFor = (cacheFolder: string, path: string): string =>
  join(cacheFolder, 'definitions', `${basename(dirname(path))}-${digestOf(path).slice(0, 16)}.json`);

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
