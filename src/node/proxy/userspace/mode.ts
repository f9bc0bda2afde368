// userspace mode on this machine: which families it can serve, and a backend for each.
import { createNetfilter } from '../../sys/netfilter.ts';
import type { Mode, ModeContext } from '../backend.ts';
import type { IpFamily } from '../types.ts';
import { findPacketFilter } from '../xtables/packet-filter.ts';
import { UserspaceBackend } from './backend.ts';
import { type Place, placeOf } from './place.ts';
import { PortRange } from './port-range.ts';
import { TcpRelay } from './tcp-relay.ts';
import { UdpRelay } from './udp-relay.ts';

/**
 * @throws Error where the machine has no iptables, or `--bind-address` is a loopback address, which no packet can be
 *   redirected to
 */
export const openUserspace = async ({ config, log, node, signal }: ModeContext): Promise<Mode> => {
  if (config.bindAddress.startsWith('127.') || config.bindAddress === '::1') {
    throw new Error('userspace mode cannot proxy on localhost: give --bind-address an address that others can reach');
  }
  const { flavour, because, families } = await findPacketFilter(log, signal);
  log.info(0, 'Using userspace Proxier');
  log.info(0, 'Using iptables backend', { backend: flavour, because });
  const createBackend = (family: IpFamily): UserspaceBackend => {
    const place = (): Place => placeOf(config, node(), family);
    log.info(2, 'Setting proxy IP and initializing iptables', { ip: place().nodeAddress ?? '' });
    return new UserspaceBackend({
      ...{ node, log, place },
      netfilter: createNetfilter(family, [], flavour),
      range: new PortRange(config.userspace.portRange),
      createRelay: ({ protocol, portName: servicePortName }) =>
        protocol === 'UDP'
          ? new UdpRelay({ family, log, servicePortName, idleMs: config.userspace.udpIdleMs })
          : new TcpRelay({ log, servicePortName }),
    });
  };
  return { name: 'userspace', families, createBackend };
};
