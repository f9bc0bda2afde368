// The packet filter that the modes which use iptables program: nft or legacy, and for which address families.
import type { Logger } from '../../../kit/logger.ts';
import { chooseFlavour, type Flavour, isLegacy } from '../../sys/iptables-flavour.ts';
import { hasNetfilter } from '../../sys/netfilter.ts';
import type { IpFamily } from '../types.ts';

export interface PacketFilter {
  readonly flavour: Flavour;
  readonly legacy: boolean;
  /** Why this one, for the log. */
  readonly because: string;
  /** The primary one first; at least one. */
  readonly families: readonly IpFamily[];
}

/** @throws Error where the machine has no iptables at all */
export const findPacketFilter = async (log: Logger, signal: AbortSignal): Promise<PacketFilter> => {
  const { flavour, because } = await chooseFlavour(signal);
  const [v4, v6, legacy] = await Promise.all([
    hasNetfilter('IPv4', signal, flavour),
    hasNetfilter('IPv6', signal, flavour),
    isLegacy(flavour, signal).catch(() => false),
  ]);
  const families = [...(v4 ? ['IPv4' as const] : []), ...(v6 ? ['IPv6' as const] : [])];
  if (families.length === 0) throw new Error('this machine has no iptables, or its kernel no nat table');
  if (families.length === 1) log.info(0, 'No iptables support for family', { ipFamily: v4 ? 'IPv6' : 'IPv4' });
  return { flavour, legacy, because, families };
};
