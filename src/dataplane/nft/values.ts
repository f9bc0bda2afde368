// Expressions of native nft rules → the packet's values, and how they compare with what a rule or a set writes.

import { between, contains, networkOf } from '../node/address.ts';
import { protocolName, statesOf } from '../node/answer.ts';
import type { RuleFacts } from '../node/facts.ts';
import { json } from '../node/json.ts';
import type { PacketState } from '../node/state.ts';

/** A value as nft prints it. Several scalars for a concatenation; flags for states and TCP flags. */
export type Scalar = string | number | boolean;
export interface Value {
  readonly parts: readonly Scalar[];
  /** The value is a set of flags, such as the states of a connection. */
  readonly flags?: boolean;
}

/** Each value that the expression can have, with its share. `none`: the packet has no such field. */
export type Evaluated =
  | readonly { readonly value: Value; readonly share: number }[]
  | 'none'
  | { readonly unsure: string };

export interface Context {
  readonly facts: RuleFacts;
  readonly map: (reference: unknown) => Elements | { readonly unsure: string };
}

/** A set or a map: exact values by key, and elements that are ranges. */
export interface Elements {
  readonly name: string | undefined;
  readonly exact: ReadonlyMap<string, unknown>;
  readonly patterns: readonly { readonly pattern: readonly unknown[]; readonly data: unknown }[];
  /** Rules may add elements while packets pass. */
  readonly dynamic: boolean;
}

export const keyOf = (parts: readonly unknown[]): string => parts.map((part) => normal(part)).join(' . ');

/** Without /etc/protocols and the like, nft prints numbers. */
const normal = (part: unknown): string => protocolWords.get(String(part)) ?? String(part);
const protocolWords = new Map([['ipv6-icmp', 'icmpv6']]);

const one = (...parts: Scalar[]): Evaluated => [{ value: { parts }, share: 1 }];
const flags = (parts: readonly Scalar[]): Evaluated => [{ value: { parts, flags: true }, share: 1 }];
const optional = (part: Scalar | undefined): Evaluated => (part === undefined ? 'none' : one(part));
const doubt = (what: string): { readonly unsure: string } => ({ unsure: what });

/** More values than this are not told apart. */
const mostValues = 1024;

export const evaluate = (expression: unknown, packet: PacketState, context: Context): Evaluated => {
  if (typeof expression === 'string' || typeof expression === 'number' || typeof expression === 'boolean')
    return one(expression);
  const [kind = '', value] = Object.entries(json.object(expression))[0] ?? [];
  const fields = json.object(value);
  switch (kind) {
    case 'payload':
      return payload(json.text(fields.protocol), json.text(fields.field), packet);
    case 'meta':
      return meta(json.text(fields.key), packet, context);
    case 'ct':
      return connection(json.text(fields.key), json.text(fields.dir), packet);
    case 'fib':
      return fib(json.text(fields.result), json.array(fields.flags).map(json.text), packet, context.facts);
    case 'concat':
      return concat(json.array(value).map((part) => evaluate(part, packet, context)));
    case 'numgen':
    case 'jhash':
    case 'symhash': {
      const [mod, offset] = [json.number(fields.mod), json.number(fields.offset)];
      if (mod < 1 || mod > mostValues) return doubt(`${kind} mod ${mod}`);
      return Array.from({ length: mod }, (_, index) => ({ value: { parts: [index + offset] }, share: 1 / mod }));
    }
    case 'map': {
      const elements = context.map(fields.data);
      if ('unsure' in elements) return elements;
      return throughMap(evaluate(fields.key, packet, context), elements, packet);
    }
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return arithmetic(
        kind,
        json.array(value).map((part) => evaluate(part, packet, context)),
      );
    default:
      return doubt(JSON.stringify(expression));
  }
};

const combine = (all: readonly Evaluated[], join: (values: readonly Value[]) => Value): Evaluated => {
  if (all.includes('none')) return 'none';
  const unsure = all.find((each) => typeof each === 'object' && 'unsure' in each);
  if (unsure) return unsure;
  let rows: { values: readonly Value[]; share: number }[] = [{ values: [], share: 1 }];
  for (const each of all as readonly (readonly { value: Value; share: number }[])[])
    rows = rows.flatMap((row) =>
      each.map(({ value, share }) => ({ values: [...row.values, value], share: row.share * share })),
    );
  return rows.length > mostValues
    ? doubt(`${rows.length} values`)
    : rows.map(({ values, share }) => ({ value: join(values), share }));
};

const concat = (parts: readonly Evaluated[]): Evaluated =>
  combine(parts, (values) => ({ parts: values.flatMap((value) => value.parts) }));

const arithmetic = (operator: string, parts: readonly Evaluated[]): Evaluated =>
  combine(parts, (values) => {
    const numbers = values.map(({ parts: [part] }) => Number(part));
    const result = numbers.reduce((left, right) => {
      if (operator === '&') return (left & right) >>> 0;
      if (operator === '|') return (left | right) >>> 0;
      if (operator === '^') return (left ^ right) >>> 0;
      return operator === '<<' ? (left << right) >>> 0 : left >>> right;
    });
    return { parts: [result] };
  });

/** The data for each key. A key without data: the rule does not match for it. */
const throughMap = (keys: Evaluated, elements: Elements, packet: PacketState): Evaluated => {
  if (keys === 'none' || 'unsure' in keys) return keys;
  const rows = keys.flatMap(({ value, share }) => {
    const found = find(elements, value, packet);
    if (found === undefined || found === 'unsure') return [];
    return [{ value: dataValue(found.data), share }];
  });
  return rows.length === 0 ? 'none' : rows;
};

const dataValue = (data: unknown): Value => {
  const parts = json.object(data).concat;
  return { parts: (parts === undefined ? [data] : json.array(parts)) as Scalar[] };
};

export const find = (
  { name, exact, patterns, dynamic }: Elements,
  value: Value,
  packet: PacketState,
): { readonly data: unknown } | undefined | 'unsure' => {
  if (value.flags) {
    const found = patterns.find(({ pattern }) => pattern.some((part) => json.array(part).length > 0));
    if (found) return 'unsure';
    const known = value.parts.length === 1 ? exact.get(keyOf(value.parts)) : undefined;
    return known === undefined ? undefined : { data: known };
  }
  const key = keyOf(value.parts);
  if (exact.has(key)) return { data: exact.get(key) };
  const found = patterns.find(
    ({ pattern }) =>
      pattern.length === value.parts.length && pattern.every((part, index) => matches(part, value.parts[index] ?? '')),
  );
  if (found) return found;
  return dynamic && name !== undefined && packet.added.includes(`set ${name} ${key}`) ? { data: true } : undefined;
};

/** Whether a value is what a rule or an element writes. */
export const matches = (pattern: unknown, value: Scalar): boolean => {
  if (typeof pattern === 'boolean') return (value !== '' && value !== 0) === pattern;
  if (typeof pattern !== 'object' || pattern === null) {
    const text = String(pattern);
    if (typeof value === 'string' && text.endsWith('*')) return value.startsWith(text.slice(0, -1));
    return normal(text) === normal(value) || (typeof value === 'string' && protocolName(text) === value && text !== '');
  }
  const [kind = '', inner] = Object.entries(pattern)[0] ?? [];
  if (kind === 'prefix') {
    const { addr, len } = json.object(inner);
    return typeof value === 'string' && contains(networkOf(json.text(addr), json.number(len)), value);
  }
  if (kind === 'range') {
    const [first, last] = json.array(inner);
    // nft refuses such a range, but lists `< 100`, then `> 36` of one field as `!= 100-36`: what lies between matches.
    if (!lies(first, first, last))
      return !lies(value, last, first) || lies(value, first, first) || lies(value, last, last);
    return lies(value, first, last);
  }
  if (kind === 'elem') return matches(json.object(inner).val, value);
  return false;
};

/** Whether the value lies between two others, ends included. */
const lies = (value: unknown, low: unknown, high: unknown): boolean =>
  typeof low === 'string' && /[.:]/.test(low)
    ? between(String(value), low, json.text(high))
    : Number(value) >= Number(low) && Number(value) <= Number(high);

const icmpNames: Readonly<Record<number, string>> = {
  0: 'echo-reply',
  3: 'destination-unreachable',
  4: 'source-quench',
  5: 'redirect',
  8: 'echo-request',
  9: 'router-advertisement',
  10: 'router-solicitation',
  11: 'time-exceeded',
  12: 'parameter-problem',
  13: 'timestamp-request',
  14: 'timestamp-reply',
};
const icmp6Names: Readonly<Record<number, string>> = {
  1: 'destination-unreachable',
  2: 'packet-too-big',
  3: 'time-exceeded',
  4: 'parameter-problem',
  128: 'echo-request',
  129: 'echo-reply',
  133: 'nd-router-solicit',
  134: 'nd-router-advert',
  135: 'nd-neighbor-solicit',
  136: 'nd-neighbor-advert',
  137: 'nd-redirect',
};

const ported: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'udplite', 'dccp']);

const payload = (protocol: string, field: string, packet: PacketState): Evaluated => {
  switch (protocol) {
    case 'ip':
    case 'ip6':
      return packet.family === protocol ? network(field, packet) : 'none';
    case 'th':
      if (!ported.has(packet.protocol)) return field === 'sport' || field === 'dport' ? doubt(`th ${field}`) : 'none';
      return transport(field, packet);
    case 'tcp':
    case 'udp':
    case 'sctp':
      return packet.protocol === protocol ? transport(field, packet) : 'none';
    case 'icmp':
    case 'icmpv6': {
      if (packet.protocol !== protocol) return 'none';
      const names = protocol === 'icmp' ? icmpNames : icmp6Names;
      if (field === 'type')
        return optional(packet.icmpType === undefined ? undefined : (names[packet.icmpType] ?? packet.icmpType));
      return field === 'code' ? optional(packet.icmpCode) : doubt(`${protocol} ${field}`);
    }
    default:
      return doubt(`${protocol} ${field}`);
  }
};

const network = (field: string, packet: PacketState): Evaluated => {
  switch (field) {
    case 'saddr':
      return one(packet.source);
    case 'daddr':
      return one(packet.destination);
    case 'protocol':
    case 'nexthdr':
      return one(packet.protocol);
    case 'ttl':
    case 'hoplimit':
      return one(packet.ttl);
    case 'version':
      return one(packet.family === 'ip' ? 4 : 6);
    case 'length':
      return packet.length === undefined ? doubt('ip length') : one(packet.length);
    default:
      return doubt(`${packet.family} ${field}`);
  }
};

const transport = (field: string, packet: PacketState): Evaluated => {
  // NAT may have taken any free port.
  if (field === 'sport') return packet.randomPort ? doubt('sport') : optional(packet.sourcePort);
  if (field === 'dport') return optional(packet.destinationPort);
  return field === 'flags' && packet.protocol === 'tcp' ? flags(packet.tcpFlags) : doubt(`${packet.protocol} ${field}`);
};

const meta = (key: string, packet: PacketState, { facts }: Context): Evaluated => {
  switch (key) {
    case 'iifname':
    case 'iif':
      return one(packet.iif);
    case 'oifname':
    case 'oif':
      return one(packet.oif);
    case 'mark':
      return one(packet.mark);
    case 'l4proto':
      return one(packet.protocol);
    case 'nfproto':
      return one(packet.family === 'ip' ? 'ipv4' : 'ipv6');
    case 'protocol':
      return one(packet.family);
    case 'length':
      return packet.length === undefined ? doubt('meta length') : one(packet.length);
    case 'skuid':
      if (!packet.ofProcess) return 'none';
      return packet.user === undefined ? doubt('meta skuid') : one(packet.user);
    case 'iifkind':
      return packet.iif === '' ? 'none' : one(facts.linkKind(packet.iif));
    case 'oifkind':
      return packet.oif === '' ? 'none' : one(facts.linkKind(packet.oif));
    default:
      return doubt(`meta ${key}`);
  }
};

const connection = (key: string, direction: string, packet: PacketState): Evaluated => {
  const { tracked } = packet;
  if (key === 'state')
    return flags(
      statesOf(packet)
        .map((state) => state.toLowerCase())
        .filter((state) => state !== 'snat' && state !== 'dnat'),
    );
  if (typeof tracked === 'string') return 'none';
  if (key === 'mark') return one(tracked.mark);
  if (key === 'direction') return one(tracked.direction);
  if (key === 'status') {
    const { changed, asked, flow } = tracked;
    if (flow) return doubt('ct status of a known connection');
    return flags([
      ...(changed.source ? ['snat'] : []),
      ...(changed.destination ? ['dnat'] : []),
      ...(asked.source ? ['src-nat-done'] : []),
      ...(asked.destination ? ['dst-nat-done'] : []),
    ]);
  }
  if (direction !== 'original') return doubt(`ct ${direction} ${key}`);
  const { original } = tracked;
  switch (key.replace(/^ip6? /, '')) {
    case 'saddr':
      return one(original.source);
    case 'daddr':
      return one(original.destination);
    case 'proto-src':
      return optional(original.sourcePort);
    case 'proto-dst':
      return optional(original.destinationPort);
    case 'protocol':
      return one(original.protocol);
    default:
      return doubt(`ct ${direction} ${key}`);
  }
};

const fib = (result: string, uses: readonly string[], packet: PacketState, facts: RuleFacts): Evaluated => {
  const address = uses.includes('saddr') ? packet.source : packet.destination;
  if (packet.family === 'ip6') return doubt('fib of IPv6');
  const link = uses.includes('iif') ? packet.iif : uses.includes('oif') ? packet.oif : undefined;
  if (result === 'type') return one(facts.addressType(address, link));
  if (packet.iif === 'lo') return one('lo');
  // At the hook `forward`, the kernel looks the way back up as if the packet came from where it goes.
  const turned = uses.includes('saddr') && uses.includes('iif') && packet.oif !== '';
  const route = facts.routeTo(packet, address, { mark: uses.includes('mark'), iif: turned ? packet.oif : undefined });
  if (route instanceof Error) return doubt(route.message);
  const uses_ = route && route.type === 'unicast' && (link === undefined || route.links.includes(link));
  return one(uses_ ? (link ?? route.link) : '');
};
