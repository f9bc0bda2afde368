// Which service port wants what in the table. Several may want the same chain or cluster IP, and by mistake the same address and port:
// the first by name gets it, whatever the order in which they came.
import { type Item, identityOf, sameItem } from './model.ts';

/** From the table as it was to the table as it is. An item that became another one is in both. */
export interface Changes {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
}

interface Claim {
  readonly owner: string;
  readonly item: Item;
}

/** Claims of several owners. */
interface Contest {
  winner: Claim;
  readonly all: Map<string, Item>;
}

export class Ledger {
  readonly #owners = new Map<string, readonly Item[]>();
  /** By identity. Nearly all have one claim. */
  readonly #claims = new Map<string, Claim | Contest>();
  /** What was in force at the last `takeChanges`, for the identities touched since. */
  readonly #before = new Map<string, Item | undefined>();

  get owners(): Iterable<string> {
    return this.#owners.keys();
  }

  /** From now on this is all that the owner wants. */
  replace(owner: string, items: readonly Item[]): void {
    const kept = new Set(items.map(identityOf));
    for (const item of this.#owners.get(owner) ?? []) {
      const identity = identityOf(item);
      if (!kept.has(identity)) this.#withdraw(identity, owner);
    }
    for (const item of items) this.#claim(identityOf(item), { owner, item });
    if (items.length > 0) this.#owners.set(owner, items);
    else this.#owners.delete(owner);
  }

  /** What is in force: one item of each identity. */
  *items(): Generator<Item> {
    for (const claim of this.#claims.values()) yield winnerOf(claim).item;
  }

  /** What is in force under an identity. */
  get(identity: string): Item | undefined {
    const claim = this.#claims.get(identity);
    return claim && winnerOf(claim).item;
  }

  takeChanges(): Changes {
    const added: Item[] = [];
    const removed: Item[] = [];
    for (const [identity, before] of this.#before) {
      const after = this.get(identity);
      if (before && after && sameItem(before, after)) continue;
      if (before) removed.push(before);
      if (after) added.push(after);
    }
    this.#before.clear();
    return { added, removed };
  }

  #claim(identity: string, claim: Claim): void {
    this.#touch(identity);
    const known = this.#claims.get(identity);
    if (!known || (!('all' in known) && known.owner === claim.owner)) {
      this.#claims.set(identity, claim);
      return;
    }
    const contest = 'all' in known ? known : { winner: known, all: new Map([[known.owner, known.item]]) };
    contest.all.set(claim.owner, claim.item);
    if (claim.owner <= contest.winner.owner) contest.winner = claim;
    this.#claims.set(identity, contest);
  }

  #withdraw(identity: string, owner: string): void {
    const known = this.#claims.get(identity);
    if (!known) return;
    this.#touch(identity);
    if (!('all' in known)) {
      this.#claims.delete(identity);
      return;
    }
    known.all.delete(owner);
    const winner = known.winner.owner === owner ? firstOf(known.all) : known.winner;
    if (!winner) this.#claims.delete(identity);
    else if (known.all.size === 1) this.#claims.set(identity, winner);
    else known.winner = winner;
  }

  #touch(identity: string): void {
    if (!this.#before.has(identity)) this.#before.set(identity, this.get(identity));
  }
}

const winnerOf = (claim: Claim | Contest): Claim => ('all' in claim ? claim.winner : claim);

const firstOf = (all: ReadonlyMap<string, Item>): Claim | undefined => {
  let first: Claim | undefined;
  for (const [owner, item] of all) if (!first || owner < first.owner) first = { owner, item };
  return first;
};
