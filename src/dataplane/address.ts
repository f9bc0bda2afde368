// Addresses of both families as numbers, to compare them with the networks in rules.

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

interface Network extends Address {
  readonly mask: bigint;
}

/** @throws Error when the text is neither an IPv4 nor an IPv6 address */
export const parseAddress = (text: string): Address => {
  const known = addresses.get(text);
  if (known) return known;
  const address: Address = text.includes(':')
    ? { bits: 128, value: parseV6(text) }
    : { bits: 32, value: parseV4(text) };
  if (addresses.size > 10_000) addresses.clear();
  addresses.set(text, address);
  return address;
};

/**
 * Whether a network contains an address. False when the families differ.
 * @param cidr `10.0.0.0/8`, `10.1.2.3` or `10.0.0.1/255.0.0.255`
 */
export const networkContains = (cidr: string, address: string): boolean => {
  const network = parseNetwork(cidr);
  const { bits, value } = parseAddress(address);
  return bits === network.bits && (value & network.mask) === (network.value & network.mask);
};

export const isLoopback = (address: string): boolean =>
  address.includes(':') ? networkContains('::1/128', address) : networkContains('127.0.0.0/8', address);

export const isMulticast = (address: string): boolean =>
  networkContains(address.includes(':') ? 'ff00::/8' : '224.0.0.0/4', address);

/** Splits `address`, `address:port` and `[v6]:port`. */
export const splitEndpoint = (text: string): { readonly address: string; readonly port: number | undefined } => {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = bracketed ?? /^([^:]+)(?::(\d+))?$/.exec(text);
  if (!plain) return { address: text, port: undefined };
  const [, address = '', port] = plain;
  return { address, port: port === undefined ? undefined : Number(port) };
};

/** `10.0.0.1:80`, `[::1]:80`, or the address alone. */
export const joinEndpoint = (address: string, port: number | undefined): string =>
  port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

// A rule set repeats the same texts thousands of times, so parsed texts are kept.
const addresses = new Map<string, Address>();
const networks = new Map<string, Network>();

const parseNetwork = (cidr: string): Network => {
  const known = networks.get(cidr);
  if (known) return known;
  const [text = '', prefix] = cidr.split('/');
  const address = parseAddress(text);
  const network = { ...address, mask: parseMask(address.bits, prefix) };
  if (networks.size > 10_000) networks.clear();
  networks.set(cidr, network);
  return network;
};

const parseMask = (bits: 32 | 128, prefix: string | undefined): bigint => {
  const all = (1n << BigInt(bits)) - 1n;
  if (prefix === undefined) return all;
  if (!/^\d+$/.test(prefix)) return parseAddress(prefix).value;
  return all ^ ((1n << BigInt(bits - Number(prefix))) - 1n);
};

const parseV4 = (text: string): bigint => {
  const octets = text.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) {
    throw new Error(`"${text}" is not an address`);
  }
  return octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
};

const parseV6 = (text: string): bigint => {
  const [head = '', tail] = text.split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const missing = 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(0, missing) }, () => 0n), ...right];
  if (groups.length !== 8 || (tail === undefined && missing !== 0)) throw new Error(`"${text}" is not an address`);
  return groups.reduce((sum, group) => (sum << 16n) + group, 0n);
};

const groupsOf = (text: string): bigint[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!group.includes('.')) return [BigInt(`0x${group}`)];
        const value = parseV4(group);
        return [value >> 16n, value & 0xffffn];
      });
