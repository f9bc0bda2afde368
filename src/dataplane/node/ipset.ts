// `ipset save` → sets that can be asked about a packet.
import { contains, type Network, readNetwork } from './address.ts';
import { protocolName } from './answer.ts';
import type { PacketState } from './state.ts';

interface IpSet {
  readonly type: string;
  readonly family: string;
  readonly entries: Entry[];
  /** Entries of single values, for sets of thousands of them. */
  readonly exact: Set<string>;
  readonly markMask: number;
}

interface Entry {
  readonly words: readonly string[];
  readonly nomatch: boolean;
}

export class IpSets {
  readonly #sets = new Map<string, IpSet>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [verb, name = '', value = '', ...rest] = line.trim().split(/\s+/);
      const option = (key: string): string | undefined => {
        const at = rest.indexOf(key);
        return at < 0 ? undefined : rest[at + 1];
      };
      if (verb === 'create')
        this.#sets.set(name, {
          type: value,
          family: option('family') ?? 'inet',
          entries: [],
          exact: new Set(),
          markMask: Number(option('markmask') ?? 0xffffffff),
        });
      else if (verb === 'add') {
        const set = this.#sets.get(name);
        const nomatch = rest.includes('nomatch');
        if (!nomatch && !/[/-]/.test(value)) set?.exact.add(value);
        else set?.entries.push({ words: value.split(','), nomatch });
      }
    }
  }

  /** @returns undefined if there is no such set */
  test(name: string, directions: readonly string[], packet: PacketState): boolean | 'unknown' | undefined {
    const set = this.#sets.get(name);
    if (!set) return undefined;
    if (set.type === 'list:set') {
      const answers = [...set.exact].map((member) => this.test(member, directions, packet));
      if (answers.includes(true)) return true;
      return answers.some((answer) => answer !== false) ? 'unknown' : false;
    }
    const [method = '', fields = ''] = set.type.split(':');
    if (method !== 'hash' && method !== 'bitmap') return 'unknown';
    const kinds = fields.split(',');
    if (kinds.includes('mac') || directions.length < kinds.length) return 'unknown';
    if (
      kinds.some((kind) => kind !== 'mark') &&
      (packet.family === 'ip6') !== (set.family === 'inet6') &&
      kinds[0] !== 'port'
    )
      return false;
    const values = kinds.map((kind, index) => fieldOf(kind, directions[index] === 'src', packet, set));
    if (values.includes(undefined)) return false;
    if (set.exact.has(values.join(','))) return true;
    return longest(set, kinds, values as string[]);
  }
}

const portedProtocols: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'udplite']);

const fieldOf = (kind: string, isSource: boolean, packet: PacketState, set: IpSet): string | undefined => {
  switch (kind) {
    case 'ip':
    case 'net':
      return isSource ? packet.source : packet.destination;
    case 'port': {
      const port = isSource ? packet.sourcePort : packet.destinationPort;
      if (packet.protocol === 'icmp') return `icmp:${packet.icmpType}/${packet.icmpCode}`;
      if (!portedProtocols.has(packet.protocol)) return undefined;
      return set.type === 'bitmap:port' ? String(port) : `${packet.protocol}:${port}`;
    }
    case 'iface':
      return isSource ? packet.iif : packet.oif;
    case 'mark':
      return `0x${((packet.mark & set.markMask) >>> 0).toString(16).padStart(8, '0')}`;
    default:
      return undefined;
  }
};

/** Of the entries with networks that match, the one with the longest prefixes counts; it may be a `nomatch`. */
const longest = (set: IpSet, kinds: readonly string[], values: readonly string[]): boolean => {
  let best: { readonly length: number; readonly nomatch: boolean } | undefined;
  for (const { words, nomatch } of set.entries) {
    let length = 0;
    const matches = kinds.every((kind, index) => {
      const [word = '', value = ''] = [words[index], values[index]];
      if (kind === 'net' || kind === 'ip') {
        const [first = '', last] = word.split('-');
        const network: Network | undefined = readNetwork(last === undefined ? word : first);
        length += network?.length ?? 0;
        return network !== undefined && contains(network, value);
      }
      if (kind === 'port') return portIn(word, value);
      return word === value;
    });
    if (matches && (!best || length > best.length)) best = { length, nomatch };
  }
  return best !== undefined && !best.nomatch;
};

const portIn = (entry: string, value: string): boolean => {
  const [protocol = '', ports = ''] = entry.includes(':') ? entry.split(':') : ['', entry];
  const [wanted = '', port = ''] = value.includes(':') ? value.split(':') : ['', value];
  const [first = '', last = first] = ports.split('-');
  return protocolName(protocol) === wanted && Number(port) >= Number(first) && Number(port) <= Number(last);
};
