// Draws faults for the tasks of a lab: for the same student and seed the same ones, and none twice.
import { createHash } from 'node:crypto';
import type { Variation } from '../../api/lab.ts';
import type { AnyFault } from '../faults/fault.ts';
import type { FaultUse } from '../faults/reference.ts';
import type { Candidate, Entry } from './fault-entries.ts';
import type { Problem } from './problem.ts';

/** A fault that was chosen for a task. */
export interface Chosen {
  readonly fault: AnyFault;
  readonly use: FaultUse;
}

export interface Drawing {
  /** By the index of the task, in the order in which the task names them. */
  readonly chosen: ReadonlyMap<number, readonly Chosen[]>;
  readonly problems: readonly Problem[];
}

export const drawFaults = (
  entries: readonly Entry[],
  seed: { readonly lab: string; readonly variation: Variation },
): Drawing => {
  const problems: Problem[] = [];
  const named = new Set(entries.flatMap(({ isDrawn, candidates }) => (isDrawn ? [] : candidates.map(nameOf))));
  // The name of a fault → the entry that has it.
  const holder = new Map<string, Entry>();
  const wishes = new Map(entries.map((entry, index) => [entry, wishesOf(entry, index, { ...seed, named })]));
  /** Gives the entry a fault; one that has it already may change to another. */
  const place = (entry: Entry, tried: Set<string>): boolean =>
    (wishes.get(entry) ?? []).some((candidate) => {
      const name = nameOf(candidate);
      if (tried.has(name)) return false;
      tried.add(name);
      const present = holder.get(name);
      if (present && !place(present, tried)) return false;
      holder.set(name, entry);
      return true;
    });
  for (const entry of entries)
    if (entry.isDrawn && entry.candidates.length > 0 && !place(entry, new Set())) problems.push(tooFew(entry));
  const found = (entry: Entry): Candidate | undefined =>
    entry.isDrawn ? entry.candidates.find((candidate) => holder.get(nameOf(candidate)) === entry) : entry.candidates[0];
  const chosen = new Map<number, Chosen[]>();
  for (const entry of entries) {
    const candidate = found(entry);
    if (!candidate) continue;
    const { fault, values } = candidate;
    const use = { name: fault.name, values };
    chosen.set(entry.task, [...(chosen.get(entry.task) ?? []), { fault, use }]);
  }
  return { chosen, problems };
};

const nameOf = ({ fault }: Candidate): string => fault.name;

const tooFew = ({ path }: Entry): Problem => ({
  path: [...path, 'draw'],
  message: 'fault.draw: no fault is left: each is used once in a lab, and other tasks have taken all of these',
});

interface Seed {
  readonly lab: string;
  readonly variation: Variation;
  readonly named: ReadonlySet<string>;
}

/** The faults that may be drawn, in an order that the seed decides. */
const wishesOf = (
  { candidates }: Entry,
  index: number,
  { lab, variation: { seed = '', student = '' }, named }: Seed,
): readonly Candidate[] => {
  const rank = (candidate: Candidate): string =>
    createHash('sha256')
      .update(JSON.stringify([lab, 'fault', index, nameOf(candidate), seed, student]))
      .digest('hex');
  return candidates
    .filter((candidate) => !named.has(nameOf(candidate)))
    .map((candidate) => ({ candidate, rank: rank(candidate) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ candidate }) => candidate);
};
