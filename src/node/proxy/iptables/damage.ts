// What counts as damage: jumps into kube-proxy's chains that are gone, and rules that are gone from the chains of all
// services. The own chains of services are not checked. There are tens of thousands, and a student may want to see what
// a wrong rule does.
import type { ChainListing, ChainQuery } from '../../sys/chain-lister.ts';
import type { PlacedRule } from '../xtables/rule.ts';
import type { BaseRules } from './build-base.ts';
import { chain } from './names.ts';

/** What a chain must have at least. Rules are counted, not compared: versions of iptables print them differently. */
export interface Expected extends ChainQuery {
  readonly rules: number;
  readonly references: number;
  readonly targets: readonly string[];
}

/** @param shared the rules of all service ports in shared chains */
export const expectedChains = (base: BaseRules, shared: Iterable<PlacedRule>): Expected[] => {
  const counts = countRules(shared);
  const expected = base.chains.map(({ table, name, rules }) => atLeast(table, name, { rules: rules.length }));
  for (const jumps of Map.groupBy(base.jumps, keyOf).values()) {
    const [first] = jumps;
    if (first) expected.push(atLeast(first.table, first.chain, { targets: jumps.map(({ rule }) => rule.jump) }));
  }
  const filterChains = [chain.externalServices, chain.nodePorts, chain.proxyFirewall, chain.services];
  for (const name of filterChains) expected.push(atLeast('filter', name, { rules: counts.get(`filter ${name}`) ?? 0 }));
  const references = base.servicesTail.length;
  const rules = counts.get(`nat ${chain.nodePorts}`) ?? 0;
  expected.push(atLeast('nat', chain.nodePorts, { rules, references }));
  // KUBE-SERVICES is the longest chain, and listing it is costly. If its last rule still refers to KUBE-NODEPORTS,
  // nobody flushed it.
  if (references === 0)
    expected.push(atLeast('nat', chain.services, { rules: counts.get(`nat ${chain.services}`) ?? 0 }));
  return expected;
};

/** @returns the first chain that lacks something */
export const findDamage = (expected: readonly Expected[], listings: readonly ChainListing[]): Expected | undefined => {
  const seen = new Map(listings.map((listing) => [keyOf(listing), listing]));
  return expected.find((wanted) => {
    const listing = seen.get(keyOf(wanted));
    return !listing || !suffices(listing, wanted);
  });
};

const suffices = ({ targets, references }: ChainListing, wanted: Expected): boolean =>
  targets.length >= wanted.rules &&
  (references === undefined || references >= wanted.references) &&
  wanted.targets.every((target) => targets.includes(target));

const atLeast = (table: string, name: string, needs: Partial<Omit<Expected, keyof ChainQuery>>): Expected => ({
  ...{ rules: 0, references: 0, targets: [], ...needs },
  ...{ table, chain: name },
});

const countRules = (shared: Iterable<PlacedRule>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const rule of shared) counts.set(keyOf(rule), (counts.get(keyOf(rule)) ?? 0) + 1);
  return counts;
};

const keyOf = (place: ChainQuery): string => `${place.table} ${place.chain}`;
