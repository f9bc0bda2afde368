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

/** Texts of a chain that differ from what kube-proxy wrote, although the targets of the rules are the same. */
interface Suspect {
  readonly texts: string;
  /** A full sync wrote the chain again after these texts were seen. */
  readonly rewritten: boolean;
}

/** Compares listings with what is expected. */
export class DamageFinder {
  /** By chain, since the last look at it. */
  readonly #suspects = new Map<string, Suspect>();
  /**
   * Chains that this version of iptables prints in another way: a full sync left their texts as they were. Only the
   * targets of their rules are compared, until their texts are equal.
   */
  readonly #odd = new Set<string>();

  /** Call it after each full sync. */
  rewritten(): void {
    for (const [key, { texts }] of this.#suspects) this.#suspects.set(key, { texts, rewritten: true });
  }

  /** @returns the first chain that lacks something, or has a foreign rule */
  find(expected: readonly Expected[], listings: readonly ChainListing[]): Expected | undefined {
    const seen = new Map(listings.map((listing) => [keyOf(listing), listing]));
    // Looks at all of them, so that one full sync tells of every chain how iptables prints it.
    const [first] = expected.filter((wanted) => {
      const listing = seen.get(keyOf(wanted));
      return !listing || !(wanted.texts ? this.#isEqual(listing, wanted) : suffices(listing, wanted));
    });
    return first;
  }

  #isEqual({ rules: texts = [] }: ChainListing, wanted: Exactly): boolean {
    const key = keyOf(wanted);
    const suspect = this.#suspects.get(key);
    this.#suspects.delete(key);
    if (sameSorted(texts, wanted.rules.map(ruleText))) {
      this.#odd.delete(key);
      return true;
    }
    if (!sameSorted(texts.map(targetOfText), wanted.rules.map(targetOf))) return false;
    const seen = texts.toSorted().join('\n');
    if (suspect?.rewritten && suspect.texts === seen) this.#odd.add(key);
    else if (!this.#odd.has(key)) this.#suspects.set(key, { texts: seen, rewritten: false });
    return this.#odd.has(key);
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
