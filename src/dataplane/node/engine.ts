// Runs packets through chains of rules. A rule is a list of statements; each makes one or more packets of a packet.

import type { Budget } from './budget.ts';
import type { BaseChain, CompiledRule, Here, Result, RuleChain, Verdict } from './chain.ts';
import { conditionsKey, resolve } from './conditions.ts';
import type { Condition } from './packet.ts';
import { addStep, endPacket, fateOf, fingerprint, type PacketState, unknown } from './state.ts';

interface Exit {
  readonly packet: PacketState;
  /** `through`: by the end of the chain or a return. `done`: the base chain is over. */
  readonly exit: 'through' | 'done';
}

/** @returns the packets after the base chain; those that ended have an `end` */
export const runBaseChain = (base: BaseChain, start: PacketState, budget: Budget): PacketState[] => {
  const here: Here = { hook: base.hook, table: base.table.name, family: base.table.family };
  const walk = { base, here, budget };
  const chain = base.chain();
  return merge(
    runChain(walk, start, chain, 0).map(({ packet, exit }) => {
      if (exit === 'done' || base.policy === 'accept' || packet.end) return packet;
      const { backend, family, name } = base.table;
      const place = { hook: base.hook, backend, family, table: name, chain: chain.name };
      const step = { kind: 'policy', ...place, effect: 'drop' } as const;
      const by = `the policy DROP of chain ${chain.name} in table ${name} (${backend})`;
      return endPacket(addStep(packet, step), { kind: 'dropped', by, step });
    }),
  );
};

interface Walk {
  readonly base: BaseChain;
  readonly here: Here;
  readonly budget: Budget;
}

/** iptables-nft and the kernel allow less; a text may contain a loop. */
const maxDepth = 64;
/** So few packets are not worth comparing. */
const few = 16;

const runChain = (walk: Walk, start: PacketState, chain: RuleChain, depth: number): Exit[] => {
  const { budget, base } = walk;
  const where = `chain ${chain.name} of table ${base.table.name}`;
  if (depth > maxDepth)
    return [{ packet: unknown(start, `the chains of table ${base.table.name} loop at ${chain.name}`), exit: 'done' }];
  const exits: Exit[] = [];
  let live: readonly PacketState[] = [start];
  let merged = few;
  for (const rule of candidatesOf(chain, start)) {
    if (live.length === 0) break;
    if (live.length > merged) {
      live = merge(live);
      merged = Math.max(few, live.length * 2);
    }
    budget.spend(live.length, live.length + exits.length, where);
    const next: PacketState[] = [];
    for (const packet of live) {
      const { stay, leave, passed } = runRule(walk, rule, packet, chain, depth);
      const doubtful = [...stay, ...passed].some(
        ({ unsure, conditions }) => unsure !== packet.unsure || conditions !== packet.conditions,
      );
      // A rule that cannot be judged does not matter if it changes nothing: it only logs, say.
      if (doubtful && leave.length === 0 && isHarmless(packet, [...stay, ...passed])) next.push(packet);
      else {
        exits.push(...leave);
        next.push(...passed, ...stay);
      }
    }
    live = next;
  }
  for (const packet of live) exits.push({ packet, exit: 'through' });
  return exits;
};

/** A chain changes neither addresses nor ports of a packet that stays in it, so the index need not look again. */
const candidatesOf = (chain: RuleChain, packet: PacketState): Iterable<CompiledRule> => chain.candidates(packet, 0);

const isHarmless = (packet: PacketState, after: readonly PacketState[]): boolean => {
  const before = fingerprint(packet);
  return after.every((each) => fingerprint(each) === before);
};

/** Of packets that came to the same state, the first one stands for all of them. Sure and unsure ones stay apart. */
export const merge = (packets: readonly PacketState[]): PacketState[] => {
  if (packets.length < 2) return [...packets];
  const merged = new Map<string, PacketState>();
  for (const packet of packets) {
    const key = `${packet.unsure.length > 0} ${conditionsKey(packet.conditions)} ${fingerprint(packet)}`;
    const same = merged.get(key);
    merged.set(key, same ? { ...same, probability: same.probability + packet.probability } : packet);
  }
  const all = [...merged.values()];
  return resolve(all, (packet) => `${packet.unsure.length > 0} ${fingerprint(packet)}`);
};

/** Packets that end alike whether a limit holds or not, by whatever rules, end so for sure. */
export const mergeEnds = (packets: readonly PacketState[]): PacketState[] =>
  resolve(packets, (packet) => `${packet.unsure.length > 0} ${fateOf(packet)}`);

interface Ruled {
  /** Matched, and goes on in this chain. */
  readonly stay: readonly PacketState[];
  readonly leave: readonly Exit[];
  /** Did not match. */
  readonly passed: readonly PacketState[];
}

const runRule = (walk: Walk, rule: CompiledRule, start: PacketState, chain: RuleChain, depth: number): Ruled => {
  const { base, here } = walk;
  const stay: PacketState[] = [];
  const leave: Exit[] = [];
  const passed: PacketState[] = [];
  const note = (packet: PacketState, effect: string): PacketState =>
    addStep(packet, {
      kind: 'rule',
      hook: base.hook,
      backend: base.table.backend,
      family: base.table.family,
      table: base.table.name,
      chain: chain.name,
      position: rule.position,
      ...(rule.handle === undefined ? {} : { handle: rule.handle }),
      text: rule.text(),
      ...(rule.comment === undefined ? {} : { comment: rule.comment }),
      effect,
    });
  const statements = rule.statements();
  const from = (first: PacketState, index: number): void => {
    let packet = first;
    for (let at = index; at < statements.length; at++) {
      const results = statements[at]?.(packet, here) ?? [];
      const [only] = results;
      if (results.length === 1 && only?.kind === 'next') {
        packet = only.packet;
        continue;
      }
      for (const result of results) {
        if (result.kind === 'break') passed.push(result.packet);
        else if (result.kind === 'next') from(result.packet, at + 1);
        else decide(result.packet, result.verdict);
      }
      return;
    }
    stay.push(note(packet, effectOf(start, packet)));
  };
  const decide = (packet: PacketState, verdict: Verdict): void => {
    const { name } = base.table;
    const place = `rule ${rule.position} of chain ${chain.name} in table ${name} (${base.table.backend})`;
    switch (verdict.kind) {
      case 'continue':
        return void stay.push(packet);
      case 'accept':
        return void leave.push({ packet: note(packet, verdict.effect ?? 'accept'), exit: 'done' });
      case 'return':
        return void leave.push({ packet: note(packet, 'return'), exit: 'through' });
      case 'drop': {
        const dropped = note(packet, 'drop');
        const end = { kind: 'dropped', by: place, step: dropped.steps?.step } as const;
        return void leave.push({ packet: endPacket(dropped, end), exit: 'done' });
      }
      case 'reject': {
        const rejected = note(packet, `reject with ${verdict.with}`);
        const end = { kind: 'rejected', with: verdict.with, by: place, step: rejected.steps?.step } as const;
        return void leave.push({ packet: endPacket(rejected, end), exit: 'done' });
      }
      case 'unknown':
        return void leave.push({ packet: unknown(note(packet, verdict.reason), verdict.reason), exit: 'done' });
      default: {
        const jumped = note(packet, `${verdict.kind === 'goto' ? 'go' : 'jump'} to ${verdict.chain}`);
        const target = base.table.chain(verdict.chain);
        if (!target) return void stay.push(jumped);
        for (const exit of runChain(walk, jumped, target, depth + 1)) {
          if (exit.exit === 'done' || verdict.kind === 'goto') leave.push(exit);
          else stay.push(exit.packet);
        }
      }
    }
  };
  from(start, 0);
  return { stay, leave, passed };
};

const effectOf = (before: PacketState, after: PacketState): string => {
  if (after.mark !== before.mark) return `mark 0x${after.mark.toString(16)}`;
  if (after.tracked !== before.tracked)
    return typeof after.tracked === 'string' ? 'do not track' : 'change the connection';
  if (after.added !== before.added) return `remember ${after.added.at(-1)}`;
  return 'count';
};

/** Splits a packet at random: this share matches. */
export const chance = (packet: PacketState, share: number): Result[] => {
  if (share >= 1) return [{ kind: 'next', packet }];
  if (share <= 0) return [{ kind: 'break', packet }];
  return [
    { kind: 'next', packet: { ...packet, probability: packet.probability * share } },
    { kind: 'break', packet: { ...packet, probability: packet.probability * (1 - share) } },
  ];
};

/** What cannot be judged: both ways are possible, each with the whole probability. */
export const either = (packet: PacketState, reason: string): Result[] => {
  const unsure = { ...packet, unsure: packet.unsure.includes(reason) ? packet.unsure : [...packet.unsure, reason] };
  return [
    { kind: 'next', packet: unsure },
    { kind: 'break', packet: unsure },
  ];
};

/** What depends on the moment: both ways are possible, each with the whole probability while its condition holds. */
export const fork = (packet: PacketState, text: string): Result[] => {
  const met = packet.conditions.filter((condition) => condition.text === text).length;
  const when = (holds: boolean): PacketState => {
    const condition: Condition = { key: `${text} ${met}`, text, holds };
    return { ...packet, conditions: [...packet.conditions, condition] };
  };
  return [
    { kind: 'next', packet: when(true) },
    { kind: 'break', packet: when(false) },
  ];
};

export const next = (packet: PacketState): Result[] => [{ kind: 'next', packet }];
export const decideBy = (packet: PacketState, verdict: Verdict): Result[] => [{ kind: 'verdict', packet, verdict }];
