// Follows the files of a lab's folder. It looks at their times and sizes: that finds files that an editor replaces, new
// folders, and folders of other machines, where the kernel tells of no change.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listFiles } from '../../lab/load.ts';

/** A look takes a few milliseconds. */
const pauseMs = 100;

type Look = ReadonlyMap<string, string>;

/**
 * Resolves after the first look: what is changed from then on is told.
 * @returns the paths of files that were written, made or deleted. They are told when they have stayed as they are for
 * one look, so that a file that an editor replaces is not seen in between.
 */
export const followFolder = async (root: string, signal: AbortSignal): Promise<Edits> =>
  edits(root, signal, await lookAt(root));

type Edits = AsyncGenerator<ReadonlySet<string>>;

async function* edits(root: string, signal: AbortSignal, first: Look): Edits {
  let told = first;
  let last = told;
  while (!signal.aborted) {
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    const now = await lookAt(root);
    const isQuiet = differing(last, now).size === 0;
    last = now;
    const changed = differing(told, now);
    if (!isQuiet || changed.size === 0) continue;
    told = now;
    yield changed;
  }
}

/** Empty while the folder itself is gone. */
const lookAt = async (root: string): Promise<Look> => {
  const files = await listFiles(root).catch(() => []);
  const looks = files.map(async (file): Promise<readonly [string, string]> => {
    const seen = await stat(join(root, file)).catch(() => undefined);
    return [file, seen ? `${seen.ino} ${seen.size} ${seen.mtimeMs}` : ''];
  });
  return new Map(await Promise.all(looks));
};

const differing = (before: Look, after: Look): ReadonlySet<string> =>
  new Set([...before.keys(), ...after.keys()].filter((file) => before.get(file) !== after.get(file)));
