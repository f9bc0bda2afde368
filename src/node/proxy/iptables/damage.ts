// What somebody may have taken away from us: the places at which every packet enters our chains, and the chains that all services share.
// A service's own chains aren't looked at: there are tens of thousands, and students may want to see what a wrong rule does.
import type { ChainListing, ChainQuery } from '../../sys/chain-lister.ts';
import type { BaseRules } from './build-base.ts';
import type { SharedRule } from './build-shared.ts';
import { chain } from './names.ts';

/** A chain as it must be at least. Rules are counted, not compared: each version of iptables prints them in its own way. */
export interface Expected extends ChainQuery {
  readonly rules: number;
  readonly references: number;
  readonly targets: readonly string[];
}

/** @param shared the lines of all service ports in shared chains */
export const expectedChains = (base: BaseRules, shared: Iterable<SharedRule>): Expected[] => {
  const lines = countLines(shared);
  const expected = base.chains.map(({ table, name, rules }) => atLeast(table, name, { rules: rules.length }));
  for (const [place, jumps] of Map.groupBy(base.jumps, ({ table, chain: from }) => `${table} ${from}`)) {
    const [table = '', from = ''] = place.split(' ');
    expected.push(atLeast(table, from, { targets: jumps.map(({ text }) => / ?-j (\S+)/.exec(text)?.[1] ?? '') }));
  }
  const filterChains = [chain.externalServices, chain.nodePorts, chain.proxyFirewall, chain.services];
  for (const name of filterChains) expected.push(atLeast('filter', name, { rules: lines.get(`filter ${name}`) ?? 0 }));
  const references = base.servicesTail.length;
  const rules = lines.get(`nat ${chain.nodePorts}`) ?? 0;
  expected.push(atLeast('nat', chain.nodePorts, { rules, references }));
  // The longest chain of all is not listed where the jump at its end says as much: that there is one is known to KUBE-NODEPORTS.
  if (references === 0)
    expected.push(atLeast('nat', chain.services, { rules: lines.get(`nat ${chain.services}`) ?? 0 }));
  return expected;
};

/** @returns the first chain that lacks something */
export const findDamage = (expected: readonly Expected[], listings: readonly ChainListing[]): Expected | undefined => {
  const seen = new Map(listings.map((listing) => [`${listing.table} ${listing.chain}`, listing]));
  return expected.find((wanted) => {
    const listing = seen.get(`${wanted.table} ${wanted.chain}`);
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

const countLines = (shared: Iterable<SharedRule>): Map<string, number> => {
  const lines = new Map<string, number>();
  for (const { table, chain: name } of shared) {
    lines.set(`${table} ${name}`, (lines.get(`${table} ${name}`) ?? 0) + 1);
  }
  return lines;
};
