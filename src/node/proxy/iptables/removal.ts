// Takes a mode's chains and the rules that lead to them out of iptables, and nothing else.

import type { ProxyMode } from '../../../api/proxy-modes.ts';
import { type Flavour, flavoursInUse } from '../../sys/iptables-flavour.ts';
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { CleanUpOptions } from '../backend.ts';
import { type Existing, readExisting } from './existing.ts';
import { joinTables, TableInput } from './restore.ts';

/** What of the rules is to go. */
export interface Removal {
  isOurs(table: string, chain: string): boolean;
  /** Rules in the kernel's own chains that go even if the chain that they lead to stays. */
  isOurJump?(table: string, from: string, text: string): boolean;
  /** Chains that stay, empty. */
  isEmptied?(table: string, chain: string): boolean;
}

/** @returns undefined when there is nothing */
export const planRemoval = (existing: Existing, removal: Removal): string | undefined => {
  const tables = (['mangle', 'filter', 'nat'] as const).map((table) => {
    const input = new TableInput(table);
    for (const rule of existing.builtinRules) {
      const [, from = '', text = ''] = /^\w+ (\S+) (.*)$/.exec(rule.startsWith(`${table} `) ? rule : '') ?? [];
      const target = /(?:^| )-[jg] (\S+)$/.exec(text)?.[1] ?? '';
      if (removal.isOurs(table, target) || removal.isOurJump?.(table, from, text)) input.remove(from, text);
    }
    for (const name of existing.chains.get(table) ?? []) {
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
  /** From what is there to the input of `iptables-restore`. */
  readonly plan: (existing: Existing) => string | undefined;
  /** A chain of table nat that no other mode has. nat is written last, so it is the last to go. */
  readonly mark?: string;
}

/** From both packet filters: nobody knows which one an earlier kube-proxy took. */
export const removeRules = async ({ mode, plan, mark }: RuleRemoval, options: CleanUpOptions): Promise<void> => {
  const { log, signal, running } = options;
  const flavours: readonly Flavour[] = await flavoursInUse(signal);
  for (const flavour of flavours.length > 0 ? flavours : (['default'] as const)) {
    for (const family of ['IPv4', 'IPv6'] as const) {
      if (!(await hasNetfilter(family, signal, flavour))) continue;
      const netfilter = createNetfilter(family, [], flavour);
      // Beside a mode that runs, to read all rules for nothing would take seconds in a large cluster.
      if (running && mark !== undefined && !(await netfilter.hasChain('nat', mark, signal))) continue;
      const input = plan(readExisting(await netfilter.save(signal)));
      if (input === undefined) continue;
      await netfilter.restore(input, signal);
      log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode, backend: flavour });
    }
  }
};
