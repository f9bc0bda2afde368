// Chooses the packet filter for the modes that use iptables: nft or legacy, and for which address families.
import type { Logger } from '../../../kit/logger.ts';
import { chooseFlavour, type Flavour, isLegacy } from '../../sys/iptables-flavour.ts';
import { hasNetfilter } from '../../sys/netfilter.ts';
import type { IpFamily } from '../types.ts';

export interface PacketFilter {
  readonly flavour: Flavour;
  readonly legacy: boolean;
  /** The reason for this choice, for the log. */
  readonly because: string;
  /** The primary family first; at least one. */
  readonly families: readonly IpFamily[];
}

/** @throws Error where the machine has no iptables at all */
export const findPacketFilter = async (log: Logger, signal: AbortSignal): Promise<PacketFilter> => {
  const { flavour, because } = await chooseFlavour(signal);
  const [v4, v6, legacy] = await Promise.all([
    hasNetfilter('IPv4', signal, { flavour }),
    hasNetfilter('IPv6', signal, { flavour }),
    isLegacy(flavour, signal).catch(() => false),
  ]);
  const families = [...(v4 ? ['IPv4' as const] : []), ...(v6 ? ['IPv6' as const] : [])];
  if (families.length === 0) {
    throw new Error(
      'iptables cannot be used on this machine: install iptables, or load the kernel module of its nat table',
    );
  }
  if (families.length === 1) log.info(0, 'No iptables support for family', { ipFamily: v4 ? 'IPv6' : 'IPv4' });
  return { flavour, legacy, because, families };
};
