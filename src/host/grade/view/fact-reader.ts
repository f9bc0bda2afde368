// Reads single facts from the store. Throws the right error when a fact could not be gathered.
import type { FactName, Facts } from '../../../api/facts.ts';
import {
  askAll,
  BrokenFact,
  type Fact,
  type FactKind,
  type FactRequest,
  type FactStore,
  type FactValue,
  keyOf,
  MissingFacts,
  NotNow,
  noChanges,
  type Spot,
  spotOf,
  Unmet,
  unmetCode,
} from '../facts.ts';
import type { Phrases } from '../say/en.ts';

/** Root in a machine has made it impossible to look at the machine. */
const byStudent: ReadonlySet<string> = new Set([
  'FABRIC_MOVED',
  'FABRIC_HIDDEN',
  'FABRIC_RULES_NO_TEXT',
  'FABRIC_RULES_FORGED',
]);

export class FactReader {
  readonly #store: FactStore;
  readonly #say: Phrases;

  constructor(store: FactStore, say: Phrases) {
    this.#store = store;
    this.#say = say;
  }

  /** The value of one fact. */
  one<K extends FactKind>(request: Extract<FactRequest, { kind: K }>): FactValue<K> {
    const fact = this.raw(request);
    if (fact.ok) return fact.value as FactValue<K>;
    if (fact.code === 'FABRIC_NO_POD') throw new Unmet(this.#say.podGone());
    if (fact.code === 'FABRIC_NO_NETNS') {
      const { netns, machine } = spotIn(request);
      throw new Unmet(netns === undefined ? this.#say.fromEnglish(fact.cause) : this.#say.noNetns(netns, machine));
    }
    // Only root in the machine can do this.
    if (byStudent.has(fact.code ?? '')) throw new Unmet(this.#say.fromEnglish(fact.cause));
    if (fact.code === unmetCode) throw new Unmet(this.#say.fromEnglish(fact.cause));
    // It has stopped since the cluster was opened.
    if (fact.code === 'FABRIC_NO_MACHINE') throw new BrokenFact(this.#say.machineDown(machineOf(request)));
    if (fact.code === noChanges) throw new NotNow();
    throw new BrokenFact(fact.cause);
  }

  /** What the kernel says about a place: `at(place, 'links', 'routes')`. */
  at(spot: Spot, ...wants: readonly FactName[]): Facts {
    return Object.assign(
      {},
      ...askAll(wants, (want) => this.one<'facts'>({ kind: 'facts', spot: spotOf(spot), want })),
    );
  }

  /** The stored fact: a value, or the reason why there is none. @throws MissingFacts, and nothing else */
  raw(request: FactRequest): Fact {
    const fact = this.#store.get(keyOf(request));
    if (fact === undefined) throw new MissingFacts([request]);
    return fact;
  }
}

/** Where a fact is gathered, or from where a request is sent. */
const spotIn = (request: FactRequest): Partial<Spot> & { readonly machine: string } =>
  'spot' in request ? request.spot : { machine: '' };

/** Undefined for a fact about all machines. */
const machineOf = (request: FactRequest): string | undefined => {
  if ('spot' in request) return request.spot.machine;
  if (request.kind === 'series') return request.request.spot.machine;
  return 'machine' in request ? request.machine : undefined;
};
