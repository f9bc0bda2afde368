// Removes the chains of iptables mode, of both families, and the rules that lead to them.
import type { CleanUpOptions } from '../backend.ts';
import { findsOwnJumps, isCommonChain } from '../xtables/common-chains.ts';
import type { Existing } from '../xtables/existing.ts';
import { planRemoval, removeRules } from '../xtables/removal.ts';
import { jumps } from './build-base.ts';
import { chain, isServiceChain } from './names.ts';

export const cleanUpIptables = (options: CleanUpOptions): Promise<void> =>
  removeRules({ mode: 'iptables', plan: (existing) => planCleanup(existing, options.running === 'ipvs') }, options);

/** @param sparesIpvs leaves the chains and jumps that ipvs mode has, too */
export const planCleanup = (existing: Existing, sparesIpvs = false): string | undefined => {
  const kubelet = existing.chains.get('mangle')?.has('KUBE-KUBELET-CANARY') ?? false;
  // The kubelet uses KUBE-FIREWALL, too. It does not restore the chain while its own canary chain exists.
  const stays = (name: string): boolean => kubelet && name === chain.firewall;
  const ours = new Set<string>(Object.values(chain).filter((name) => !stays(name)));
  return planRemoval(existing, {
    isOurs: (table, name) =>
      (ours.has(name) || (table === 'nat' && isServiceChain(name))) && !(sparesIpvs && isCommonChain(table, name)),
    isOurJump: findsOwnJumps(jumps.filter(({ rule }) => !stays(rule.jump))),
  });
};
