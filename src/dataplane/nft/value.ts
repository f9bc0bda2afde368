// What an expression of nft can be: its values with their shares, or why nobody knows.
import type { RuleFacts } from '../node/facts.ts';

/** A value as nft prints it. Several scalars for a concatenation; flags for states and TCP flags. */
export type Scalar = string | number | boolean;
export interface Value {
  readonly parts: readonly Scalar[];
  /** The value is a set of flags, such as the states of a connection. */
  readonly flags?: boolean;
}

/** Each value that the expression can have, with its share. `none`: the packet has no such field. */
export type Evaluated = readonly { readonly value: Value; readonly share: number }[] | 'none' | Doubt;

/** Nobody knows the value, or only some parts of a concatenation. */
export interface Doubt {
  readonly unsure: string;
  readonly parts?: readonly (Scalar | undefined)[];
}

export interface Context {
  readonly facts: RuleFacts;
  readonly map: (reference: unknown) => Elements | { readonly unsure: string };
}

/** A set or a map: exact values by key, and elements that are ranges. */
export interface Elements {
  readonly name: string | undefined;
  readonly exact: ReadonlyMap<string, unknown>;
  readonly patterns: readonly { readonly pattern: readonly unknown[]; readonly data: unknown }[];
  /** Rules may add elements while packets pass. */
  readonly dynamic: boolean;
}

export const one = (...parts: Scalar[]): Evaluated => [{ value: { parts }, share: 1 }];
export const flags = (parts: readonly Scalar[]): Evaluated => [{ value: { parts, flags: true }, share: 1 }];
export const optional = (part: Scalar | undefined): Evaluated => (part === undefined ? 'none' : one(part));
export const doubt = (what: string): Doubt => ({ unsure: what });
