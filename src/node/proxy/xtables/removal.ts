// Removes the chains of a mode, and the rules that lead to them, from iptables.
import type { ProxyMode } from '../../../api/proxy-modes.ts';
import { type Flavour, flavoursInUse } from '../../sys/iptables-flavour.ts';
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { CleanUpOptions } from '../backend.ts';
import { type Existing, type ListedRule, leadsTo, readExisting } from './existing.ts';
import { joinTables, TableInput } from './restore.ts';

/** Which chains and rules are to be removed. */
export interface Removal {
  /** Chains that are deleted, together with the rules in the kernel's own chains that lead to them. */
  isOurs(table: string, chain: string): boolean;
  /** Other rules in the kernel's own chains that are removed. The chains that they lead to stay. */
  isOurJump?(rule: ListedRule): boolean;
  /** Chains that stay, but are emptied. */
  isEmptied?(table: string, chain: string): boolean;
}

/** @returns input of `iptables-restore`; undefined when there is nothing to remove */
export const planRemoval = ({ builtinRules, chains }: Existing, removal: Removal): string | undefined => {
  const tables = (['mangle', 'filter', 'nat'] as const).map((table) => {
    const input = new TableInput(table);
    for (const rule of builtinRules) {
      if (rule.table !== table) continue;
      if (removal.isOurs(table, leadsTo(rule) ?? '') || removal.isOurJump?.(rule)) input.removeListed(rule);
    }
    for (const name of chains.get(table) ?? []) {
      if (removal.isOurs(table, name)) input.removeChain(name);
      else if (removal.isEmptied?.(table, name)) input.chain(name, []);
    }
    return input;
  });
  const used = tables.filter(({ empty }) => !empty);
  return used.length === 0 ? undefined : joinTables(used);
};

export interface RuleRemoval {
  readonly mode: ProxyMode;
  /** From what is in the kernel to the input of `iptables-restore`; undefined when there is nothing to remove. */
  readonly plan: (existing: Existing) => string | undefined;
  /**
   * A chain of table nat that only this mode has. Where it is missing, the mode has left nothing: table nat is the last
   * table of the input, so this chain is removed last.
   */
  readonly mark?: string;
}

/** Looks in both packet filters (nft and legacy), because an earlier kube-proxy may have used the other one. */
export const removeRules = async ({ mode, plan, mark }: RuleRemoval, options: CleanUpOptions): Promise<void> => {
  const { log, signal, running } = options;
  const flavours: readonly Flavour[] = await flavoursInUse(signal);
  for (const flavour of flavours.length > 0 ? flavours : (['default'] as const)) {
    for (const family of ['IPv4', 'IPv6'] as const) {
      // In a large cluster, reading all rules of the running mode takes seconds.
      if (!(await hasNetfilter(family, signal, { flavour, chain: running && mark }))) continue;
      const netfilter = createNetfilter(family, [], flavour);
      const input = plan(readExisting(await netfilter.save(signal)));
      if (input === undefined) continue;
      await netfilter.restore(input, signal);
      log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode, backend: flavour });
    }
  }
};
