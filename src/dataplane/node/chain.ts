// What rules and chains are once they are compiled, and an index for long chains.
import type { Backend, HookName } from './packet.ts';
import type { PacketState } from './state.ts';

/** What a statement makes of a packet. */
export type Result =
  /** The next statement follows. */
  | { readonly kind: 'next'; readonly packet: PacketState }
  /** The rule does not match: the next rule follows. */
  | { readonly kind: 'break'; readonly packet: PacketState }
  | { readonly kind: 'verdict'; readonly packet: PacketState; readonly verdict: Verdict };

export type Verdict =
  /** Ends this base chain. */
  | { readonly kind: 'accept'; readonly effect?: string }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'return' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** The model does not follow the packet any further. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** What a statement may know about its place. */
export interface Here {
  readonly hook: HookName;
  readonly table: string;
  readonly family: string;
}

export type Statement = (packet: PacketState, here: Here) => readonly Result[];

export interface CompiledRule {
  readonly position: number;
  readonly handle?: number;
  readonly comment?: string;
  /** As the tool writes it. */
  readonly text: () => string;
  readonly statements: () => readonly Statement[];
  /** What a packet must have so that the rule can match at all. For the index of long chains. */
  readonly needs?: Needs;
}

/** Only a packet with all of these can match. */
export interface Needs {
  readonly destination?: string;
  readonly protocol?: string;
  readonly destinationPort?: number;
}

export interface RuleChain {
  readonly name: string;
  readonly rules: readonly CompiledRule[];
  /** The rules that a packet can match, in order. */
  readonly candidates: (packet: PacketState, from: number) => Iterable<CompiledRule>;
}

export interface TableOfChains {
  readonly backend: Backend;
  readonly family: string;
  readonly name: string;
  readonly chain: (name: string) => RuleChain | undefined;
}

export interface BaseChain {
  readonly table: TableOfChains;
  /** Compiled when the first packet comes. */
  readonly chain: () => RuleChain;
  readonly hook: HookName;
  readonly priority: number;
  readonly type: 'filter' | 'nat' | 'route';
  readonly policy: 'accept' | 'drop';
}

/** @param rules in order; a long chain gets an index by destination, protocol and port */
export const chainOf = (name: string, rules: readonly CompiledRule[]): RuleChain => {
  let index: ((packet: PacketState) => Iterable<CompiledRule>) | undefined;
  return {
    name,
    rules,
    candidates: (packet) => {
      if (rules.length < longChain) return rules;
      index ??= indexOf(rules);
      return index(packet);
    },
  };
};

const longChain = 24;

/** Rules by destination and port, by destination, by port; and all other rules. */
const indexOf = (rules: readonly CompiledRule[]): ((packet: PacketState) => Iterable<CompiledRule>) => {
  const buckets = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const { destination, protocol, destinationPort } = rule.needs ?? {};
    const port = protocol === undefined ? undefined : destinationPort;
    const key = `${destination ?? ''}|${port === undefined ? '' : `${protocol}/${port}`}`;
    const bucket = buckets.get(key);
    if (bucket) bucket.push(rule);
    else buckets.set(key, [rule]);
  }
  return ({ destination, protocol, destinationPort }) => {
    const port = `${protocol}/${destinationPort}`;
    const found = [`${destination}|${port}`, `${destination}|`, `|${port}`, '|'].flatMap(
      (key) => buckets.get(key) ?? [],
    );
    return found.toSorted((one, other) => one.position - other.position);
  };
};
