// Claims of service ports. Several may claim the same address, set member or (by mistake) virtual server. The owner
// whose name sorts first gets it, so the result does not depend on the order of events.

interface Claim<V> {
  readonly owner: string;
  readonly value: V;
}

export class Claims<V> {
  /**
   * Claims by the name of what is claimed. A single claim, by far the most frequent case, is stored without an array to
   * save memory.
   */
  readonly #claims = new Map<string, Claim<V> | readonly Claim<V>[]>();
  /** For each name touched since the last `takeTouched`: the value in force before. */
  #touched = new Map<string, V | undefined>();

  get size(): number {
    return this.#claims.size;
  }

  has(name: string): boolean {
    return this.#claims.has(name);
  }

  /** The value in force: that of the first owner. */
  get(name: string): V | undefined {
    return this.#all(name)[0]?.value;
  }

  names(): IterableIterator<string> {
    return this.#claims.keys();
  }

  claim(name: string, owner: string, value: V): void {
    this.#touch(name);
    const others = this.#all(name).filter((claim) => claim.owner !== owner);
    this.#put(name, [...others, { owner, value }]);
  }

  withdraw(name: string, owner: string): void {
    this.#touch(name);
    this.#put(
      name,
      this.#all(name).filter((claim) => claim.owner !== owner),
    );
  }

  /** The names touched since the last call, each with the value in force before. */
  takeTouched(): ReadonlyMap<string, V | undefined> {
    const touched = this.#touched;
    this.#touched = new Map();
    return touched;
  }

  #touch(name: string): void {
    if (!this.#touched.has(name)) this.#touched.set(name, this.get(name));
  }

  #all(name: string): readonly Claim<V>[] {
    const known = this.#claims.get(name);
    if (known === undefined) return [];
    return 'owner' in known ? [known] : known;
  }

  #put(name: string, claims: readonly Claim<V>[]): void {
    const [first] = claims;
    if (!first) this.#claims.delete(name);
    else if (claims.length === 1) this.#claims.set(name, first);
    else
      this.#claims.set(
        name,
        claims.toSorted((a, b) => (a.owner < b.owner ? -1 : 1)),
      );
  }
}
