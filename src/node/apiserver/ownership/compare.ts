// Which fields an object has, and which fields two versions of an object differ in.
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../schema/record.ts';
import { emptySet, type FieldSet, fieldSet, leaf, union } from './field-set.ts';
import { fieldPlace, isHollow, itemPlace, kindOf, type Place, partsOf } from './structure.ts';

/** The fields that a configuration sets. */
export const fieldsIn = (place: Place, value: unknown): FieldSet => {
  const kind = kindOf(place);
  if (kind === 'leaf' || isHollow(value)) return leaf;
  const parts = [...partsOf(place, value).values()];
  const isItem = kind === 'items';
  return fieldSet(
    false,
    parts.map(({ step, value: inner, place: innerPlace }) => {
      const set = fieldsIn(innerPlace, inner);
      return [step, isItem ? { ...set, self: true } : set];
    }),
  );
};

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const nothing: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

/** @param before undefined if the value is new */
export const compare = (place: Place, before: unknown, after: unknown): Comparison => {
  const old = before === undefined && place.implicit ? {} : before;
  const next = after === undefined && place.implicit ? {} : after;
  // Most writes change a small part, so equal parts are not taken apart.
  if (isDeepStrictEqual(old, next)) return nothing;
  if (kindOf(place) === 'leaf' || (isHollow(old) && isHollow(next))) return compareLeaf(old, next);
  const parts = compareParts(place, old, next);
  if (old === undefined) return { ...parts, added: { ...parts.added, self: true } };
  return next === undefined ? { ...parts, removed: { ...parts.removed, self: true } } : parts;
};

const compareLeaf = (before: unknown, after: unknown): Comparison => {
  if (before === undefined) return { ...nothing, added: leaf };
  if (after === undefined) return { ...nothing, removed: leaf };
  return isDeepStrictEqual(before, after) || (isHollow(before) && isHollow(after))
    ? nothing
    : { ...nothing, modified: leaf };
};

const compareParts = (place: Place, before: unknown, after: unknown): Comparison => {
  const results: [string, Comparison][] = [];
  for (const { step, inner, old, next } of pairsOf(place, before, after)) {
    if (old === next) continue;
    // The fields of something that is new are new, too, although Go would write their zero values.
    const isWhole = before === undefined || after === undefined;
    const result = compare(isWhole ? { ...inner, implicit: false } : inner, old, next);
    if (result !== nothing) results.push([step, result]);
  }
  if (results.length === 0) return nothing;
  const pick = (name: keyof Comparison): FieldSet =>
    fieldSet(
      false,
      results.map(([step, result]) => [step, result[name]]),
    );
  return { added: pick('added'), modified: pick('modified'), removed: pick('removed') };
};

/** A part of both values. */
interface Pair {
  readonly step: string;
  readonly inner: Place;
  readonly old: unknown;
  readonly next: unknown;
}

const pairsOf = (place: Place, before: unknown, after: unknown): Pair[] => {
  const kind = kindOf(place);
  if (kind === 'struct' || kind === 'map') return pairsOfFields(place, before, after);
  const old = partsOf(place, before);
  const next = partsOf(place, after);
  const inner = itemPlace(place);
  const steps = [...new Set([...old.keys(), ...next.keys()])];
  return steps.map((step) => ({ step, inner, old: old.get(step)?.value, next: next.get(step)?.value }));
};

const pairsOfFields = (place: Place, before: unknown, after: unknown): Pair[] => {
  const old = isRecord(before) ? before : {};
  const next = isRecord(after) ? after : {};
  const added = Object.keys(next).filter((name) => !Object.hasOwn(old, name));
  return [
    ...Object.keys(old).map((name) => pair(place, name, old[name], Object.hasOwn(next, name) ? next[name] : undefined)),
    ...added.map((name) => pair(place, name, undefined, next[name])),
  ];
};

const pair = (place: Place, name: string, old: unknown, next: unknown): Pair => ({
  step: `f:${name}`,
  inner: fieldPlace(place, name),
  old,
  next,
});

export const changed = ({ added, modified }: Comparison): FieldSet => union(added, modified);
