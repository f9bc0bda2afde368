// A sample of what `labs test` repeats: tasks that are reset, wrong solutions, and texts whose commands are run.
import { createHash } from 'node:crypto';

export interface Sample {
  /** How many of each kind are tried. */
  readonly size: number;
  /** The same seed draws the same ones. */
  readonly seed: string;
}

/**
 * Draws from the items, and keeps their order. Without a sample, all are taken.
 * @param nameOf a name that no other item has, so that a change of the others seldom changes what is drawn
 */
export const drawFrom = <T>(
  items: readonly T[],
  sample: Sample | undefined,
  nameOf: (item: T) => string,
): readonly T[] => {
  if (!sample) return items;
  const lot = (item: T): string =>
    createHash('sha256')
      .update(`${sample.seed}\0${nameOf(item)}`)
      .digest('hex');
  const drawn = new Set([...items].sort((one, other) => (lot(one) < lot(other) ? -1 : 1)).slice(0, sample.size));
  return items.filter((item) => drawn.has(item));
};
