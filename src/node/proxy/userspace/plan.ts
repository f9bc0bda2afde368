// The rules wanted → what to feed to `iptables-restore`: everything, or what differs.
import type { SharedRule } from '../iptables/build-shared.ts';
import type { Existing } from '../iptables/existing.ts';
import { joinTables, TableInput } from '../iptables/restore.ts';
import type { EdgeJump } from './build-base.ts';
import { chainsOf } from './names.ts';

const tables = ['filter', 'nat'] as const;
const ours: ReadonlySet<string> = new Set(Object.values(chainsOf).flat());

/** Writes all of our chains anew, whatever is in them, and puts right what leads to them. Foreign rules stay. */
export const planFull = (jumps: readonly EdgeJump[], rules: readonly SharedRule[], existing: Existing): string => {
  const wanted = new Set(jumps.map(({ table, chain, text }) => `${table} ${chain} ${text}`));
  return joinTables(
    tables.map((table) => {
      const input = new TableInput(table);
      for (const name of chainsOf[table]) {
        const texts = rules.filter((rule) => rule.table === table && rule.chain === name).map(({ text }) => text);
        input.chain(name, texts);
      }
      for (const { chain, text } of ourJumps(existing, table)) {
        if (!wanted.has(`${table} ${chain} ${text}`)) input.remove(chain, text);
      }
      writeMissing(input, jumps, existing);
      return input;
    }),
  );
};

/**
 * From a service port's rules in the kernel to those wanted. Its rules in a chain are replaced as one, as their order matters.
 * What admits is there before a packet is sent to it, and goes after none is any more.
 */
export const planChange = (
  changes: Iterable<{ readonly before: readonly SharedRule[]; readonly after: readonly SharedRule[] }>,
): string => {
  const [admit, nat, forget] = [new TableInput('filter'), new TableInput('nat'), new TableInput('filter')];
  for (const { before, after } of changes) {
    for (const name of [...chainsOf.filter, ...chainsOf.nat]) {
      const old = before.filter(({ chain }) => chain === name);
      const wanted = after.filter(({ chain }) => chain === name);
      if (sameRules(old, wanted)) continue;
      for (const { table, text } of old) (table === 'nat' ? nat : forget).remove(name, text);
      for (const { table, text } of wanted) (table === 'nat' ? nat : admit).append(name, text);
    }
  }
  return joinTables([admit, nat, forget].filter(({ empty }) => !empty));
};

/** Takes out everything of this mode, and nothing else. @returns undefined when there is nothing */
export const planRemoval = (existing: Existing): string | undefined => {
  const inputs = tables.map((table) => {
    const input = new TableInput(table);
    for (const { chain, text } of ourJumps(existing, table)) input.remove(chain, text);
    for (const name of existing.chains.get(table) ?? []) if (ours.has(name)) input.removeChain(name);
    return input;
  });
  const used = inputs.filter(({ empty }) => !empty);
  return used.length === 0 ? undefined : joinTables(used);
};

/** Whether the kernel lacks a rule of ours, or has one too many in a chain of ours. */
export const isDamaged = (jumps: readonly EdgeJump[], rules: readonly SharedRule[], saved: string): boolean => {
  const wanted = new Map<string, number>();
  for (const { table, chain, text } of [...jumps, ...rules]) {
    const line = `${table} -A ${chain} ${text}`;
    wanted.set(line, (wanted.get(line) ?? 0) + 1);
  }
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const key = `${table} ${line}`;
    const missing = wanted.get(key);
    if (missing === undefined) {
      if (ours.has(/^-A (\S+)/.exec(line)?.[1] ?? '')) return true;
    } else if (missing === 1) wanted.delete(key);
    else wanted.set(key, missing - 1);
  }
  return wanted.size > 0;
};

const ourJumps = ({ builtinRules }: Existing, table: string): { chain: string; text: string }[] =>
  builtinRules.flatMap((rule) => {
    const [, from = '', chain = '', text = ''] = /^(\w+) (\S+) (.*)$/.exec(rule) ?? [];
    return from === table && ours.has(/(?:^| )-[jg] (\S+)$/.exec(text)?.[1] ?? '') ? [{ chain, text }] : [];
  });

const writeMissing = (input: TableInput, jumps: readonly EdgeJump[], { builtinRules }: Existing): void => {
  const missing = jumps.filter(
    ({ table, chain, text }) => table === input.table && !builtinRules.includes(`${table} ${chain} ${text}`),
  );
  for (const { chain, text, end } of missing.toReversed()) if (end === 'first') input.insert(chain, text);
  for (const { chain, text, end } of missing) if (end === 'last') input.append(chain, text);
};

const sameRules = (a: readonly SharedRule[], b: readonly SharedRule[]): boolean =>
  a.length === b.length && a.every(({ text }, index) => text === b[index]?.text);
