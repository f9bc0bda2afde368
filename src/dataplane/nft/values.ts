// Expressions of native nft rules → the packet's values, and how they compare with what a rule or a set writes.

import { between, contains, networkOf } from '../node/address.ts';
import { protocolName } from '../node/answer.ts';
import { json } from '../node/json.ts';
import type { PacketState } from '../node/state.ts';
import { connection, fib, meta, payload } from './fields.ts';
import {
  type Context,
  type Doubt,
  doubt,
  type Elements,
  type Evaluated,
  one,
  type Scalar,
  type Value,
} from './value.ts';

export const keyOf = (parts: readonly unknown[]): string => parts.map((part) => normal(part)).join(' . ');

/** Without /etc/protocols and the like, nft prints numbers. */
const normal = (part: unknown): string => protocolWords.get(String(part)) ?? String(part);
const protocolWords = new Map([['ipv6-icmp', 'icmpv6']]);

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

const concat = (parts: readonly Evaluated[]): Evaluated => {
  const joined = combine(parts, (values) => ({ parts: values.flatMap((value) => value.parts) }));
  if (joined === 'none' || !('unsure' in joined)) return joined;
  return { ...joined, parts: parts.map(onlyPart) };
};

const onlyPart = (part: Evaluated): Scalar | undefined => {
  const [only, other] = part === 'none' || 'unsure' in part ? [] : part;
  return other === undefined && only?.value.parts.length === 1 ? only.value.parts[0] : undefined;
};

/** Whether no element is like the parts that are known: a packet of ICMP has no port, and no element is for ICMP. */
export const isAbsent = ({ exact, patterns, dynamic }: Elements, { parts }: Doubt): boolean => {
  if (parts === undefined || dynamic) return false;
  const mayBe = (all: readonly unknown[]): boolean =>
    all.length !== parts.length || parts.every((part, index) => part === undefined || matches(all[index], part));
  return ![...exact.keys()].some((key) => mayBe(key.split(' . '))) && !patterns.some(({ pattern }) => mayBe(pattern));
};

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
  if (keys === 'none') return keys;
  if ('unsure' in keys) return isAbsent(elements, keys) ? 'none' : keys;
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
