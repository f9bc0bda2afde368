// The rules wanted → the input of `iptables-restore`: all rules, or only what differs. Also compares the rules in the
// kernel for damage.
import { type Existing, isListed, leadsTo, listedAs, listedRules } from '../xtables/existing.ts';
import { insertMissing, joinTables, TableInput } from '../xtables/restore.ts';
import { type PlacedRule, sameRules } from '../xtables/rule.ts';
import type { EdgeJump } from './build-base.ts';
import { chainsOf, isOurChain } from './names.ts';

const tables = ['filter', 'nat'] as const;

/** Writes all chains of this mode anew, whatever is in them, and repairs the jumps to them. Foreign rules stay. */
export const planFull = (jumps: readonly EdgeJump[], rules: readonly PlacedRule[], existing: Existing): string => {
  const wanted = new Set(jumps.map(listedAs));
  return joinTables(
    tables.map((table) => {
      const input = new TableInput(table);
      for (const name of chainsOf[table]) input.chain(name, rulesOf(name, rules));
      for (const listed of existing.builtinRules) {
        if (listed.table !== table || !isOurChain(leadsTo(listed) ?? '')) continue;
        if (!wanted.has(`${table} ${listed.chain} ${listed.text}`)) input.removeListed(listed);
      }
      addMissing(input, jumps, existing);
      return input;
    }),
  );
};

/**
 * From the rules of service ports in the kernel to those wanted. A service port's rules in one chain are replaced all
 * together, because their order matters. Accepting rules are added before nat leads to the relay, and removed after nat
 * no longer does.
 */
export const planChange = (
  changes: Iterable<{ readonly before: readonly PlacedRule[]; readonly after: readonly PlacedRule[] }>,
): string => {
  const [addFilter, nat, removeFilter] = [new TableInput('filter'), new TableInput('nat'), new TableInput('filter')];
  for (const { before, after } of changes) {
    for (const table of tables) {
      for (const name of chainsOf[table]) {
        const [old, wanted] = [rulesOf(name, before), rulesOf(name, after)];
        if (sameRules(old, wanted)) continue;
        for (const rule of old) (table === 'nat' ? nat : removeFilter).remove(name, rule);
        for (const rule of wanted) (table === 'nat' ? nat : addFilter).append(name, rule);
      }
    }
  }
  return joinTables([addFilter, nat, removeFilter].filter(({ empty }) => !empty));
};

/**
 * Whether the kernel lacks a rule of this mode, or has an extra one in a chain of this mode.
 * @param saved text of `iptables-save`
 */
export const isDamaged = (jumps: readonly EdgeJump[], rules: readonly PlacedRule[], saved: string): boolean => {
  const missing = new Map<string, number>();
  for (const rule of [...jumps, ...rules]) {
    const key = listedAs(rule);
    missing.set(key, (missing.get(key) ?? 0) + 1);
  }
  for (const { table, chain, text } of listedRules(saved)) {
    const key = `${table} ${chain} ${text}`;
    const count = missing.get(key);
    if (count === undefined && isOurChain(chain)) return true;
    if (count === 1) missing.delete(key);
    else if (count !== undefined) missing.set(key, count - 1);
  }
  return missing.size > 0;
};

const rulesOf = (name: string, rules: readonly PlacedRule[]) =>
  rules.filter(({ chain }) => chain === name).map(({ rule }) => rule);

const addMissing = (input: TableInput, jumps: readonly EdgeJump[], existing: Existing): void => {
  insertMissing(
    input,
    jumps.filter(({ end }) => end === 'first'),
    existing,
  );
  for (const jump of jumps) {
    if (jump.end === 'last' && jump.table === input.table && !isListed(existing, jump))
      input.append(jump.chain, jump.rule);
  }
};
