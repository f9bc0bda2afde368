// What counts as damage: jumps into kube-proxy's chains that are gone, and chains of all services that do not have
// exactly kube-proxy's rules. The own chains of services are not checked. There are tens of thousands, and a student
// may want to see what a wrong rule does.
import type { ChainListing, ChainQuery } from '../../sys/chain-lister.ts';
import { type Chain, type PlacedRule, type Rule, ruleText } from '../xtables/rule.ts';
import type { BaseRules } from './build-base.ts';
import { chain } from './names.ts';

/** What a chain must have at least. Other programs may have rules there, too. */
interface AtLeast extends ChainQuery {
  readonly texts?: false;
  readonly rules: number;
  readonly references: number;
  readonly targets: readonly string[];
}

/** A chain that has these rules and no other ones. */
interface Exactly extends ChainQuery {
  readonly texts: true;
  readonly rules: readonly Rule[];
}

export type Expected = AtLeast | Exactly;

/**
 * What each check looks at.
 * @param shared the rules of all service ports in shared chains
 */
export const expectedChains = (base: BaseRules, shared: Iterable<PlacedRule>): Expected[] => {
  const placed = rulesByChain(shared);
  const expected: Expected[] = base.chains.map((each) =>
    isSharedWithOthers(each) ? atLeast(each.table, each.name, { rules: each.rules.length }) : exactly(each),
  );
  for (const jumps of Map.groupBy(base.jumps, keyOf).values()) {
    const [first] = jumps;
    if (first) expected.push(atLeast(first.table, first.chain, { targets: jumps.map(({ rule }) => rule.jump) }));
  }
  for (const name of [chain.externalServices, chain.nodePorts, chain.proxyFirewall, chain.services]) {
    expected.push(exactly({ table: 'filter', name, rules: placed.get(`filter ${name}`) ?? [] }));
  }
  const references = base.servicesTail.length;
  const ruleCount = (name: string): number => placed.get(`nat ${name}`)?.length ?? 0;
  expected.push(atLeast('nat', chain.nodePorts, { rules: ruleCount(chain.nodePorts), references }));
  // KUBE-SERVICES is the longest chain, and listing it is costly. If its last rule still refers to KUBE-NODEPORTS,
  // nobody flushed it.
  if (references === 0) expected.push(atLeast('nat', chain.services, { rules: ruleCount(chain.services) }));
  return expected;
};

/** What only some checks look at, because a list of these chains grows with each service. */
export const expectedLongChains = ({ servicesTail }: BaseRules, shared: Iterable<PlacedRule>): Expected[] => {
  const placed = rulesByChain(shared);
  const rules = (name: string): readonly Rule[] => placed.get(`nat ${name}`) ?? [];
  return [
    exactly({ table: 'nat', name: chain.nodePorts, rules: rules(chain.nodePorts) }),
    exactly({ table: 'nat', name: chain.services, rules: [...rules(chain.services), ...servicesTail] }),
  ];
};

/** Compares listings with what is expected. Remembers which chains were as expected. */
export class DamageFinder {
  /**
   * Chains whose texts were equal since the last full sync. Versions of iptables print some rules differently, so a
   * chain whose texts never were equal is compared only by the targets of its rules.
   */
  readonly #equal = new Set<string>();

  /** Call it after each full sync. */
  forget(): void {
    this.#equal.clear();
  }

  /** @returns the first chain that lacks something, or has a foreign rule */
  find(expected: readonly Expected[], listings: readonly ChainListing[]): Expected | undefined {
    const seen = new Map(listings.map((listing) => [keyOf(listing), listing]));
    return expected.find((wanted) => {
      const listing = seen.get(keyOf(wanted));
      return !listing || !(wanted.texts ? this.#isEqual(listing, wanted) : suffices(listing, wanted));
    });
  }

  #isEqual({ rules: texts = [] }: ChainListing, wanted: Exactly): boolean {
    const key = keyOf(wanted);
    if (sameSorted(texts, wanted.rules.map(ruleText))) {
      this.#equal.add(key);
      return true;
    }
    return !this.#equal.has(key) && sameSorted(texts.map(targetOfText), wanted.rules.map(targetOf));
  }
}

/** The kubelet has a rule in KUBE-FIREWALL, and a full sync leaves a canary chain as it is. */
const isSharedWithOthers = ({ name }: Chain): boolean => name === chain.firewall || name === chain.canary;

const suffices = ({ targets, references }: ChainListing, wanted: AtLeast): boolean =>
  targets.length >= wanted.rules &&
  (references === undefined || references >= wanted.references) &&
  wanted.targets.every((target) => targets.includes(target));

const atLeast = (table: string, name: string, needs: Partial<Omit<AtLeast, keyof ChainQuery>>): AtLeast => ({
  ...{ rules: 0, references: 0, targets: [], ...needs },
  ...{ table, chain: name },
});

const exactly = ({ table, name, rules }: Chain): Exactly => ({ table, chain: name, texts: true, rules });

const rulesByChain = (shared: Iterable<PlacedRule>): Map<string, Rule[]> => {
  const found = new Map<string, Rule[]>();
  for (const placed of shared) {
    const rules = found.get(keyOf(placed));
    if (rules) rules.push(placed.rule);
    else found.set(keyOf(placed), [placed.rule]);
  }
  return found;
};

/** In any order: kube-proxy puts new rules in front of old ones or behind them. */
const sameSorted = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  const sorted = b.toSorted();
  return a.toSorted().every((text, index) => text === sorted[index]);
};

const targetOf = ({ jump = '' }: Rule): string => jump.split(' ', 1)[0] ?? '';
const targetOfText = (text: string): string => / ?-[jg] (\S+)/.exec(text)?.[1] ?? '';

const keyOf = ({ table, chain: name, texts }: ChainQuery): string => `${table} ${name}${texts ? ' texts' : ''}`;
