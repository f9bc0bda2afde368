// Records which service port needs which items. Several service ports may share a chain or a cluster IP. If two of them
// claim the same address and port by mistake, the first by name wins, independent of the order of events.
import { type Item, identityOf, nameOf, sameItem, spaceOf } from './model.ts';

/** The difference between two states of the table. A changed item appears in both lists. */
export interface Changes {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
}

interface Claim {
  readonly owner: string;
  readonly item: Item;
}

/** The claims of several owners to one identity. */
interface Contest {
  winner: Claim;
  readonly all: Map<string, Item>;
}

/** Name → its claims, within one space. */
type Claims = Map<string, Claim | Contest>;

export class Ledger {
  readonly #owners = new Map<string, readonly Item[]>();
  /** Space → claims. Nearly all names have a single claim. */
  readonly #spaces = new Map<string, Claims>();
  /**
   * Identity → item in force at the last `takeChanges`, for identities touched since then. Undefined before the first
   * `settle`.
   */
  #before: Map<string, Before> | undefined;

  get owners(): Iterable<string> {
    return this.#owners.keys();
  }

  /** Replaces everything that the owner wants. */
  replace(owner: string, wanted: readonly Item[]): void {
    const items = wanted.map((item) => this.#shared(item));
    const kept = new Set(items.map(identityOf));
    for (const item of this.#owners.get(owner) ?? []) if (!kept.has(identityOf(item))) this.#withdraw(item, owner);
    for (const item of items) this.#claim({ owner, item });
    if (items.length > 0) this.#owners.set(owner, items);
    else this.#owners.delete(owner);
  }

  /** The items in force, one for each identity. */
  *items(): Generator<Item> {
    for (const claims of this.#spaces.values()) for (const claim of claims.values()) yield winnerOf(claim).item;
  }

  /** Makes the present state the base of the next `takeChanges`. */
  settle(): void {
    this.#before = new Map();
  }

  /** Returns the changes since the last `takeChanges` or `settle`. */
  takeChanges(): Changes {
    const added: Item[] = [];
    const removed: Item[] = [];
    for (const { space, name, item: before } of this.#before?.values() ?? []) {
      const after = this.#get(space, name);
      if (before && after && sameItem(before, after)) continue;
      if (before) removed.push(before);
      if (after) added.push(after);
    }
    this.settle();
    return { added, removed };
  }

  /** Returns an equal item that is known already, so that thousands of services share one chain object. */
  #shared(item: Item): Item {
    const known = this.#get(spaceOf(item), nameOf(item));
    return known && sameItem(known, item) ? known : item;
  }

  #claim(claim: Claim): void {
    const { owner, item } = claim;
    this.#touch(item);
    const claims = this.#claimsLike(item);
    const name = nameOf(item);
    const known = claims.get(name);
    if (!known || (!('all' in known) && known.owner === owner)) {
      claims.set(name, claim);
      return;
    }
    const contest = 'all' in known ? known : { winner: known, all: new Map([[known.owner, known.item]]) };
    contest.all.set(owner, item);
    if (owner <= contest.winner.owner) contest.winner = claim;
    claims.set(name, contest);
  }

  #withdraw(item: Item, owner: string): void {
    const claims = this.#claimsLike(item);
    const name = nameOf(item);
    const known = claims.get(name);
    if (!known) return;
    this.#touch(item);
    if (!('all' in known)) {
      // An owner may list an item twice. Its second withdrawal must not remove another owner's claim.
      if (known.owner === owner) claims.delete(name);
      return;
    }
    known.all.delete(owner);
    const winner = known.winner.owner === owner ? firstOf(known.all) : known.winner;
    if (!winner) claims.delete(name);
    else if (known.all.size === 1) claims.set(name, winner);
    else known.winner = winner;
  }

  #touch(item: Item): void {
    if (!this.#before) return;
    const identity = identityOf(item);
    if (this.#before.has(identity)) return;
    const [space, name] = [spaceOf(item), nameOf(item)];
    this.#before.set(identity, { space, name, item: this.#get(space, name) });
  }

  #get(space: string, name: string): Item | undefined {
    const claim = this.#spaces.get(space)?.get(name);
    return claim && winnerOf(claim).item;
  }

  #claimsLike(item: Item): Claims {
    const space = spaceOf(item);
    const claims = this.#spaces.get(space) ?? new Map<string, Claim | Contest>();
    this.#spaces.set(space, claims);
    return claims;
  }
}

interface Before {
  readonly space: string;
  readonly name: string;
  readonly item: Item | undefined;
}

const winnerOf = (claim: Claim | Contest): Claim => ('all' in claim ? claim.winner : claim);

const firstOf = (all: ReadonlyMap<string, Item>): Claim | undefined => {
  let first: Claim | undefined;
  for (const [owner, item] of all) if (!first || owner < first.owner) first = { owner, item };
  return first;
};
