// What all service ports want in the kernel, and what of it changed since the last write.
import type { PortKey } from '../types.ts';
import type { KeptFromNode, PortPieces, VirtualServer } from './build-port.ts';
import { Claims } from './claims.ts';
import { type SetKey, setKeys } from './sets.ts';

/** The difference between what was wanted and what is wanted. */
export interface WantedChanges {
  readonly servers: readonly {
    readonly before: VirtualServer | undefined;
    readonly after: VirtualServer | undefined;
  }[];
  readonly members: readonly SetChange[];
}

export interface SetChange {
  readonly key: SetKey;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export const serverName = ({ protocol, address }: { readonly protocol: string; readonly address: string }): string =>
  `${protocol} ${address}`;

export class Wanted {
  /** By `serverName`. */
  readonly servers = new Claims<VirtualServer>();
  readonly #members = new Map<SetKey, Claims<true>>(setKeys.map((key) => [key, new Claims<true>()]));
  readonly #owners = new Map<PortKey, PortPieces>();

  get owners(): Iterable<PortKey> {
    return this.#owners.keys();
  }

  members(key: SetKey): Claims<true> {
    const members = this.#members.get(key);
    if (!members) throw new Error(`there is no set ${key}`);
    return members;
  }

  /** Sets that have members. */
  get filled(): ReadonlySet<SetKey> {
    return new Set(setKeys.filter((key) => this.members(key).size > 0));
  }

  /** Without duplicates, in an order that does not depend on the order of events. */
  get keptFromNode(): readonly KeptFromNode[] {
    const all = [...this.#owners.values()].flatMap(({ keptFromNode }) => keptFromNode);
    const byName = new Map(all.map((each) => [`${each.ip} ${each.port} ${each.protocol}`, each]));
    return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  }

  /** Replaces what a service port wants. @param pieces undefined: the port is gone */
  replace(owner: PortKey, pieces: PortPieces | undefined): void {
    const before = this.#owners.get(owner);
    const servers = new Map((pieces?.servers ?? []).map((server) => [serverName(server), server]));
    const members = new Set((pieces?.members ?? []).map((member) => member.join(' ')));
    for (const server of before?.servers ?? []) {
      const name = serverName(server);
      if (!servers.has(name)) this.servers.withdraw(name, owner);
    }
    for (const member of before?.members ?? []) {
      if (!members.has(member.join(' '))) this.members(member[0]).withdraw(member[1], owner);
    }
    for (const [name, server] of servers) this.servers.claim(name, owner, server);
    for (const [key, member] of pieces?.members ?? []) this.members(key).claim(member, owner, true);
    if (pieces) this.#owners.set(owner, pieces);
    else this.#owners.delete(owner);
  }

  takeChanges(): WantedChanges {
    const servers = [...this.servers.takeTouched()].map(([name, before]) => ({
      before,
      after: this.servers.get(name),
    }));
    const members = setKeys.flatMap((key): SetChange[] => {
      const claims = this.members(key);
      const touched = [...claims.takeTouched()];
      const add = touched.filter(([name, before]) => !before && claims.has(name)).map(([name]) => name);
      const remove = touched.filter(([name, before]) => before && !claims.has(name)).map(([name]) => name);
      return add.length + remove.length === 0 ? [] : [{ key, add, remove }];
    });
    return { servers, members };
  }
}
