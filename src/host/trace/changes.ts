// What differs between two snapshots of a data plane.
import { diffArrays } from 'diff';
import type { Section, Snapshot } from './snapshot.ts';

export interface Changes {
  readonly machine: string;
  readonly section: string;
  readonly lines: readonly ChangedLine[];
}

export interface ChangedLine {
  /** `~`: a rule that has moved in its chain. */
  readonly sign: '+' | '-' | '~';
  readonly text: string;
  /** Only of rules. */
  readonly place?: Place;
}

/** Where a rule stands in its chain: now, or of a removed rule, before. Positions begin with 1. */
export interface Place {
  readonly chain: string;
  readonly position: number;
  /** Where a moved rule stood before. */
  readonly was?: number;
  /** The rule that now stands before a moved rule; null at the start of the chain. */
  readonly after?: string | null;
  /** The rule that now stands behind a moved rule; null at the end of the chain. */
  readonly before?: string | null;
}

/** In the order of machines and sections. Machines that are in one snapshot only have all lines added or removed. */
export const changesBetween = (before: Snapshot, after: Snapshot): readonly Changes[] => {
  const machines = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return machines.flatMap((machine) => {
    const [old = {}, now = {}] = [before[machine], after[machine]];
    const sections = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return sections.flatMap((section) => {
      const lines = changedLines(old[section] ?? empty, now[section] ?? empty);
      return lines.length === 0 ? [] : [{ machine, section, lines }];
    });
  });
};

const empty: Section = { lines: [] };

const changedLines = (old: Section, now: Section): readonly ChangedLine[] => {
  // Maps: a student may name a chain `constructor`.
  const [oldChains, nowChains] = [chainsOf(old), chainsOf(now)];
  const chains = [...new Set([...oldChains.keys(), ...nowChains.keys()])];
  return [
    ...differences(old.lines, now.lines).map(({ sign, text }) => ({ sign, text })),
    ...chains.flatMap((chain) => changedRules(chain, oldChains.get(chain) ?? [], nowChains.get(chain) ?? [])),
  ];
};

const chainsOf = ({ chains = {} }: Section): ReadonlyMap<string, readonly string[]> => new Map(Object.entries(chains));

interface Difference {
  readonly sign: '+' | '-';
  readonly text: string;
  /** From 1, in the list that has the text. */
  readonly position: number;
}

const differences = (old: readonly string[], now: readonly string[]): readonly Difference[] => {
  let [oldAt, nowAt] = [0, 0];
  return diffArrays([...old], [...now]).flatMap(({ added, removed, value }): Difference[] => {
    const start = added ? nowAt : oldAt;
    if (!removed) nowAt += value.length;
    if (!added) oldAt += value.length;
    if (!added && !removed) return [];
    return value.map((text, index) => ({ sign: added ? '+' : '-', text, position: start + index + 1 }));
  });
};

/** A rule that is removed at one place and added at another one has moved. */
const changedRules = (chain: string, old: readonly string[], now: readonly string[]): readonly ChangedLine[] => {
  const found = differences(old, now);
  const removed = Map.groupBy(
    found.filter(({ sign }) => sign === '-'),
    ({ text }) => text,
  );
  const from = new Map<Difference, Difference>();
  for (const added of found.filter(({ sign }) => sign === '+')) {
    const taken = removed.get(added.text)?.shift();
    if (taken) from.set(added, taken);
  }
  const moves = new Set(from.values());
  return found.flatMap((each): ChangedLine[] => {
    const { sign, text, position } = each;
    const moved = from.get(each);
    if (moved) {
      const [after, before] = [now[position - 2] ?? null, now[position] ?? null];
      return [{ sign: '~', text, place: { chain, position, was: moved.position, after, before } }];
    }
    return moves.has(each) ? [] : [{ sign, text, place: { chain, position } }];
  });
};
