// What differs between two snapshots of a data plane.
import { diffArrays } from 'diff';
import type { Snapshot } from './snapshot.ts';

export interface Changes {
  readonly machine: string;
  readonly section: string;
  readonly lines: readonly { readonly sign: '+' | '-'; readonly text: string }[];
}

/** In the order of machines and sections. Machines that are in one snapshot only have all lines added or removed. */
export const changesBetween = (before: Snapshot, after: Snapshot): readonly Changes[] => {
  const machines = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return machines.flatMap((machine) => {
    const [old = {}, now = {}] = [before[machine], after[machine]];
    const sections = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return sections.flatMap((section) => {
      const lines = diffArrays([...(old[section] ?? [])], [...(now[section] ?? [])]).flatMap(
        ({ added, removed, value }) =>
          added || removed ? value.map((text) => ({ sign: added ? ('+' as const) : ('-' as const), text })) : [],
      );
      return lines.length === 0 ? [] : [{ machine, section, lines }];
    });
  });
};
