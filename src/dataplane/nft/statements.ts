// One statement of a native nft rule → a function that makes packets of a packet.
import { type Answer, resultsOf } from '../node/answer.ts';
import type { Result, Statement, Verdict } from '../node/chain.ts';
import { decideBy, either, fork, next } from '../node/engine.ts';
import { json } from '../node/json.ts';
import { masquerade, redirect, translate } from '../node/nat.ts';
import { notTracked, type PacketState } from '../node/state.ts';
import { ruleText } from './text.ts';
import type { Context, Scalar, Value } from './value.ts';
import { evaluate, find, isAbsent, keyOf, matches } from './values.ts';

/**
 * @param place names the rule
 * @returns undefined for a statement that changes nothing
 */
export const compileStatement = (statement: unknown, context: Context, place: string): Statement | undefined => {
  const [kind = '', value] = Object.entries(json.object(statement))[0] ?? [];
  const fields = json.object(value);
  const text = ruleText([statement]);
  switch (kind) {
    case 'counter':
    case 'log':
    case 'comment':
    case 'dup':
    case 'flow':
      return undefined;
    case 'accept':
    case 'drop':
    case 'return':
      return (packet) => decideBy(packet, { kind });
    case 'continue':
      return undefined;
    case 'jump':
    case 'goto':
      return (packet) => decideBy(packet, { kind, chain: json.text(fields.target) });
    case 'reject':
      return (packet) => reject(packet, fields);
    case 'match':
      return matchStatement(fields, context, text);
    case 'vmap':
      return vmap(fields, context, text);
    case 'mangle':
      return mangle(fields, context, text);
    case 'notrack':
      return (packet) => next(notTracked(packet));
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return nat(kind, fields, context, text);
    case 'set':
      return setStatement(fields, context, text, place);
    case 'last':
      return undefined;
    case 'limit':
    case 'quota':
    case 'ct count':
    case 'connlimit':
      return (packet) => fork(packet, `${place}: ${text}`);
    case 'xt':
      return json.text(fields.name) === 'comment'
        ? undefined
        : (packet) => decideBy(packet, { kind: 'unknown', reason: text });
    default:
      return (packet) => decideBy(packet, { kind: 'unknown', reason: text });
  }
};

const reject = (packet: PacketState, fields: Record<string, unknown>): Result[] => {
  const type = json.text(fields.type);
  if (type === 'tcp reset') {
    if (packet.protocol !== 'tcp') return [{ kind: 'break', packet }];
    return decideBy(packet, packet.tcpFlags.includes('rst') ? { kind: 'drop' } : { kind: 'reject', with: 'tcp-reset' });
  }
  const family = type === 'icmpv6' || (type !== 'icmp' && packet.family === 'ip6') ? 'icmp6' : 'icmp';
  return decideBy(packet, { kind: 'reject', with: `${family}-${json.text(fields.expr) || 'port-unreachable'}` });
};

const compare = (op: string, value: Value, right: unknown, packet: PacketState, context: Context): Answer => {
  const negated = op === '!=';
  if (typeof right === 'string' && right.startsWith('@')) return inSet(value, right, packet, context, negated);
  if (json.object(right).set !== undefined) return inSet(value, right, packet, context, negated);
  if (value.flags) return compareFlags(op, value.parts, right);
  const parts = json.object(right).concat;
  const patterns = parts === undefined ? [right] : json.array(parts);
  if (op === '==' || op === '!=' || op === 'in')
    return (
      (patterns.length === value.parts.length &&
        patterns.every((pattern, index) => matches(pattern, value.parts[index] ?? ''))) !== negated
    );
  const [left, limit] = [Number(value.parts[0]), Number(right)];
  if (Number.isNaN(left) || Number.isNaN(limit)) return { unsure: '' };
  if (op === '<') return left < limit;
  if (op === '<=') return left <= limit;
  if (op === '>') return left > limit;
  return op === '>=' ? left >= limit : { unsure: '' };
};

const inSet = (value: Value, reference: unknown, packet: PacketState, context: Context, negated: boolean): Answer => {
  const elements = context.map(reference);
  if ('unsure' in elements) return elements;
  const found = find(elements, value, packet);
  return found === 'unsure' ? { unsure: '' } : (found !== undefined) !== negated;
};

/** `in`: one of the flags is set; `!`: none is. `==`: exactly these are set; `!=`: others are. */
const compareFlags = (op: string, set: readonly Scalar[], right: unknown): Answer => {
  const masked = json.object(right)['|'];
  const wanted = masked === undefined ? (Array.isArray(right) ? right : [right]) : json.array(masked);
  if (wanted.some((flag) => typeof flag !== 'string')) return { unsure: '' };
  if (op === 'in') return wanted.some((flag) => set.includes(flag as string));
  const equal = wanted.length === set.length && wanted.every((flag) => set.includes(flag as string));
  if (op === '==') return equal;
  if (op === '!=') return !equal;
  return op === '!' ? !wanted.some((flag) => set.includes(flag as string)) : { unsure: '' };
};

/** `tcp flags & (fin|syn) == syn`: the left side is flags and a mask. */
const maskedFlags = (
  left: unknown,
): { readonly expression: unknown; readonly mask: readonly unknown[] } | undefined => {
  const [expression, mask] = json.array(json.object(left)['&']);
  if (json.text(json.object(json.object(expression).payload).field) !== 'flags') return undefined;
  const several = json.object(mask)['|'];
  return { expression, mask: several === undefined ? (Array.isArray(mask) ? mask : [mask]) : flatten(several) };
};

/** Old versions of nft nest: `{"|": [{"|": ["fin", "syn"]}, "rst"]}`. */
const flatten = (flags: unknown): unknown[] =>
  json
    .array(flags)
    .flatMap((flag) => (json.object(flag)['|'] === undefined ? [flag] : flatten(json.object(flag)['|'])));

const matchStatement = (fields: Record<string, unknown>, context: Context, text: string): Statement => {
  const { left, right } = fields;
  const op = json.text(fields.op);
  const masked = maskedFlags(left);
  if (masked)
    return (packet, here) => {
      if (packet.protocol !== 'tcp') return [{ kind: 'break', packet }];
      const set = packet.tcpFlags.filter((flag) => masked.mask.includes(flag));
      const list = Array.isArray(right)
        ? right
        : json.object(right)['|'] === undefined
          ? [right]
          : flatten(json.object(right)['|']);
      const wanted = list.filter((flag) => flag !== 0);
      const equal = wanted.length === set.length && wanted.every((flag) => set.includes(String(flag)));
      return resultsOf(packet, op === '!=' ? !equal : op === '==' ? equal : { unsure: '' }, `${here.table}: ${text}`);
    };
  return (packet, here) => {
    const values = evaluate(left, packet, context);
    if (values === 'none') return [{ kind: 'break', packet }];
    if ('unsure' in values) return either(packet, `${here.table}: ${text}`);
    // The right side can be an expression, too: `iif != oif` is none, `meta mark ct mark` is one.
    let share = 0;
    for (const { value, share: part } of values) {
      const answer = compare(op, value, right, packet, context);
      if (typeof answer === 'object') return either(packet, `${here.table}: ${text}`);
      if (answer === true) share += part;
    }
    return resultsOf(packet, share > 0.999_999_999 ? true : share === 0 ? false : share, text);
  };
};

const verdictOf = (data: unknown): Verdict | undefined => {
  const [kind = '', value] = Object.entries(json.object(data))[0] ?? [];
  if (kind === 'accept' || kind === 'drop' || kind === 'return' || kind === 'continue') return { kind };
  if (kind === 'jump' || kind === 'goto') return { kind, chain: json.text(json.object(value).target) };
  return undefined;
};

const vmap =
  (fields: Record<string, unknown>, context: Context, text: string): Statement =>
  (packet, here) => {
    const values = evaluate(fields.key, packet, context);
    if (values === 'none') return [{ kind: 'break', packet }];
    const elements = context.map(fields.data);
    if ('unsure' in values && !('unsure' in elements) && isAbsent(elements, values)) return [{ kind: 'break', packet }];
    if ('unsure' in values || 'unsure' in elements)
      return decideBy(packet, { kind: 'unknown', reason: `${here.table}: ${text}` });
    return values.map(({ value, share }): Result => {
      const part = share === 1 ? packet : { ...packet, probability: packet.probability * share };
      const found = find(elements, value, packet);
      if (found === undefined) return { kind: 'break', packet: part };
      const verdict = found === 'unsure' ? undefined : verdictOf(found.data);
      if (!verdict)
        return { kind: 'verdict', packet: part, verdict: { kind: 'unknown', reason: `${here.table}: ${text}` } };
      return verdict.kind === 'continue' ? { kind: 'next', packet: part } : { kind: 'verdict', packet: part, verdict };
    });
  };

/** These do not decide where a packet goes. */
const harmlessKeys: ReadonlySet<string> = new Set(['nftrace', 'priority', 'secmark']);

const mangle = (fields: Record<string, unknown>, context: Context, text: string): Statement | undefined => {
  const key = json.object(fields.key);
  const [meta, ct] = [json.text(json.object(key.meta).key), json.text(json.object(key.ct).key)];
  if (harmlessKeys.has(meta)) return undefined;
  if (meta !== 'mark' && ct !== 'mark') return (packet) => decideBy(packet, { kind: 'unknown', reason: text });
  return (packet) => {
    const values = evaluate(fields.value, packet, context);
    if (values === 'none') return [{ kind: 'break', packet }];
    if ('unsure' in values) return decideBy(packet, { kind: 'unknown', reason: text });
    return values.map(({ value, share }): Result => {
      const mark = Number(value.parts[0]) >>> 0;
      const part = { ...packet, probability: packet.probability * share };
      if (meta === 'mark') return { kind: 'next', packet: { ...part, mark } };
      const { tracked } = packet;
      return { kind: 'next', packet: typeof tracked === 'string' ? part : { ...part, tracked: { ...tracked, mark } } };
    });
  };
};

type NatKind = 'dnat' | 'snat' | 'masquerade' | 'redirect';

const nat = (kind: NatKind, fields: Record<string, unknown>, context: Context, text: string): Statement => {
  const flags = json.words(fields.flags);
  const random = flags.includes('random') || flags.includes('fully-random');
  const side = kind === 'dnat' ? 'destination' : 'source';
  return (packet, { hook }) => {
    const family = json.text(fields.family);
    if ((family === 'ip' || family === 'ip6') && family !== packet.family) return [{ kind: 'break', packet }];
    const addresses = fields.addr === undefined ? undefined : rangeOf(fields.addr, packet, context);
    const ports = fields.port === undefined ? undefined : rangeOf(fields.port, packet, context);
    if (addresses === 'none' || ports === 'none') return [{ kind: 'break', packet }];
    if (
      addresses === 'unsure' ||
      ports === 'unsure' ||
      flags.includes('persistent') ||
      json.text(fields.type_flags) !== ''
    )
      return decideBy(packet, { kind: 'unknown', reason: text });
    return (addresses ?? [{ first: undefined, last: undefined, port: undefined, share: 1 }]).flatMap((to) => {
      const [port] = ports ?? [];
      const first = port === undefined ? to.port : Number(port.first);
      const last = port === undefined ? to.port : Number(port.last ?? port.first);
      const target = {
        random,
        ...(to.first === undefined ? {} : { address: String(to.first) }),
        ...(to.last === undefined ? {} : { lastAddress: String(to.last) }),
        ...(first === undefined || last === undefined ? {} : { ports: { first, last } }),
      };
      const part = to.share === 1 ? packet : { ...packet, probability: packet.probability * to.share };
      if (kind === 'masquerade') return masquerade(part, target, context.facts);
      if (kind === 'redirect') return redirect(part, target, context.facts, hook);
      return translate(part, side, target, kind.toUpperCase());
    });
  };
};

interface NatValue {
  readonly first: Scalar | undefined;
  readonly last: Scalar | undefined;
  readonly port: number | undefined;
  readonly share: number;
}

/** `10.0.0.1`, `10.0.0.1-10.0.0.9`, or a map to an address, or to an address and a port. */
const rangeOf = (expression: unknown, packet: PacketState, context: Context): NatValue[] | 'none' | 'unsure' => {
  const range = json.object(expression).range;
  if (Array.isArray(range)) return [{ first: range[0] as Scalar, last: range[1] as Scalar, port: undefined, share: 1 }];
  const values = evaluate(expression, packet, context);
  if (values === 'none') return 'none';
  if ('unsure' in values) return 'unsure';
  if (values.some(({ value }) => value.parts.some((part) => typeof part === 'object'))) return 'unsure';
  return values.map(({ value: { parts }, share }) => ({
    first: parts[0],
    last: undefined,
    port: parts.length > 1 ? Number(parts[1]) : undefined,
    share,
  }));
};

/** `limit`, `quota` or `ct count` of each element. */
export const isLimit = (statement: unknown): boolean =>
  Object.keys(json.object(statement)).some((kind) => /^(limit|quota|ct count|connlimit)$/.test(kind));

/** `update @clients { ip saddr }`: the packet's own entry is found from here on. */
const setStatement =
  (fields: Record<string, unknown>, context: Context, text: string, place: string): Statement =>
  (packet) => {
    const name = json.text(fields.set).replace(/^@/, '');
    const bare = json.object(json.object(fields.elem).elem).val ?? fields.elem;
    const values = evaluate(bare, packet, context);
    if (values === 'none') return [{ kind: 'break', packet }];
    const [only, ...others] = 'unsure' in values ? [] : values;
    if (!only || others.length > 0 || json.text(fields.op) === 'delete')
      return decideBy(packet, { kind: 'unknown', reason: text });
    const after = { ...packet, added: [...packet.added, `set ${name} ${keyOf(only.value.parts)}`] };
    return json.array(fields.stmt).some(isLimit) ? fork(after, `${place}: ${text}`) : next(after);
  };
