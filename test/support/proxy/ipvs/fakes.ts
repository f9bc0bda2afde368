// IPVS, sets and a dummy link in memory: the parts that ipvs mode uses. test/vm compares them with the kernel.
import type { DummyLink } from '../../../../src/node/sys/dummy-link.ts';
import type { Ipset } from '../../../../src/node/sys/ipset.ts';
import type { Ipvs, IpvsProtocol, ListedBackend, ListedServer } from '../../../../src/node/sys/ipvs.ts';

interface FakeServer {
  options: string;
  readonly backends: Map<string, ListedBackend>;
}

const protocols: Readonly<Record<string, IpvsProtocol>> = { '-t': 'TCP', '-u': 'UDP', '--sctp-service': 'SCTP' };

export class FakeIpvs implements Ipvs {
  /** Virtual servers by protocol and address. */
  readonly servers = new Map<string, FakeServer>();

  async list(): Promise<ListedServer[]> {
    return [...this.servers].map(([name, { options, backends }]) => {
      const [protocol = '', address = ''] = name.split(' ');
      const scheduler = /-s (\S+)/.exec(options)?.[1] ?? '';
      const seconds = /-p (\d+)/.exec(options)?.[1];
      return {
        ...{ protocol: protocol as IpvsProtocol, address, scheduler, backends: new Map(backends) },
        schedulerFlags: /-b (\S+)/.exec(options)?.[1] ?? '',
        persistSeconds: seconds === undefined ? undefined : Number(seconds),
      };
    });
  }

  async restore(lines: readonly string[]): Promise<void> {
    const refused = lines.filter((line) => !this.#execute(line));
    if (refused.length > 0) throw new Error(`ipvsadm refuses ${refused.join(', ')}`);
  }

  async setTimeouts(): Promise<void> {}

  #execute(line: string): boolean {
    const [verb = '', option = '', address = '', ...rest] = line.split(' ');
    const name = `${protocols[option]} ${address}`;
    const server = this.servers.get(name);
    const options = rest.join(' ');
    if (verb === '-A') return !server && !!this.servers.set(name, { options, backends: new Map() });
    if (!server) return false;
    if (verb === '-E') return !!Object.assign(server, { options });
    if (verb === '-D') return this.servers.delete(name);
    const [, backend = '', weight] = /^-r (\S+)(?: -m -w (\d+))?$/.exec(options) ?? [];
    if (verb === '-d') return server.backends.delete(backend);
    if ((verb === '-a') === server.backends.has(backend)) return false;
    return !!server.backends.set(backend, { weight: Number(weight), connections: 0 });
  }
}

export class FakeIpset implements Ipset {
  readonly sets = new Map<string, { readonly head: string; readonly members: Set<string> }>();

  async save(): Promise<string> {
    return [...this.sets]
      .flatMap(([name, { head, members }]) => [
        `create ${name} ${head}`,
        ...[...members].map((member) => `add ${name} ${member}`),
      ])
      .join('\n');
  }

  /** Like ipset, applies the lines before a refused line. */
  async restore(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const [verb = '', name = '', ...rest] = line.split(' ');
      const known = this.sets.get(name);
      if (verb === 'create') this.sets.set(name, known ?? { head: rest.join(' '), members: new Set() });
      else if (!known) throw new Error(`ipset refuses ${line}: no such set`);
      else if (verb === 'add') known.members.add(rest[0] ?? '');
      else known.members.delete(rest[0] ?? '');
    }
  }
}

export class FakeLink implements DummyLink {
  #addresses: Set<string> | undefined;

  async ensure(): Promise<void> {
    this.#addresses ??= new Set();
  }

  async list(family: 'IPv4' | 'IPv6'): Promise<string[] | undefined> {
    return this.#addresses && [...this.#addresses].filter((address) => address.includes(':') === (family === 'IPv6'));
  }

  /** Like ip, applies the lines before a refused line. */
  async change({ add, remove }: Parameters<DummyLink['change']>[0]): Promise<void> {
    for (const address of add) {
      if (!this.#addresses) throw new Error(`ip refuses ${address}: no such link`);
      this.#addresses.add(address);
    }
    for (const address of remove)
      if (!this.#addresses?.delete(address)) throw new Error(`ip refuses to delete ${address}`);
  }

  async remove(): Promise<boolean> {
    const there = this.#addresses !== undefined;
    this.#addresses = undefined;
    return there;
  }
}
