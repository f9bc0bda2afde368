// Takes out the chains of iptables mode, of both families, and the rules that lead to them.
import type { CleanUpOptions } from '../backend.ts';
import { jumps as ipvsJumps } from '../ipvs/build-rules.ts';
import { jumps } from './build-base.ts';
import type { Existing } from './existing.ts';
import { chain, isInCommon, isServiceChain } from './names.ts';
import { planRemoval, removeRules } from './removal.ts';

export const cleanUpIptables = (options: CleanUpOptions): Promise<void> =>
  removeRules({ mode: 'iptables', plan: (existing) => planCleanup(existing, options.running === 'ipvs') }, options);

/** @param sparesIpvs leaves what ipvs mode has in common with this one */
export const planCleanup = (existing: Existing, sparesIpvs = false): string | undefined => {
  const kubelet = existing.chains.get('mangle')?.has('KUBE-KUBELET-CANARY') ?? false;
  // KUBE-FIREWALL and the ways into it are the kubelet's as well, which doesn't put them back as long as its canary lives.
  const stays = (name: string): boolean => kubelet && name === chain.firewall;
  const ours = new Set<string>(Object.values(chain).filter((name) => !stays(name)));
  const own = jumpsOf(jumps.filter(({ to }) => !stays(to)));
  const others = jumpsOf(ipvsJumps);
  return planRemoval(existing, {
    isOurs: (table, name) =>
      (ours.has(name) || (table === 'nat' && isServiceChain(name))) && !(sparesIpvs && isInCommon(table, name)),
    isOurJump: (...jump) => own.has(jump.join(' ')) && !others.has(jump.join(' ')),
  });
};

const jumpsOf = (all: typeof jumps): ReadonlySet<string> =>
  new Set(all.map(({ table, chain: from, text }) => `${table} ${from} ${text}`));
