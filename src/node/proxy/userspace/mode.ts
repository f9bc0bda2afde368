// Userspace mode on this machine: which families it can serve, and a backend for each.
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { Mode, ModeContext } from '../backend.ts';
import type { IpFamily } from '../types.ts';
import { UserspaceBackend } from './backend.ts';
import { type Place, placeOf } from './place.ts';
import { PortRange } from './port-range.ts';
import { TcpRelay } from './tcp-relay.ts';
import { UdpRelay } from './udp-relay.ts';

/** @throws Error where the machine has no iptables, or `--bind-address` is loopback, which nothing can be redirected to */
export const openUserspace = async ({ config, log, node, signal }: ModeContext): Promise<Mode> => {
  if (config.bindAddress.startsWith('127.') || config.bindAddress === '::1') {
    throw new Error('userspace mode cannot proxy on localhost: give --bind-address an address that others can reach');
  }
  const [v4, v6] = await Promise.all([hasNetfilter('IPv4', signal), hasNetfilter('IPv6', signal)]);
  const families = [...(v4 ? ['IPv4' as const] : []), ...(v6 ? ['IPv6' as const] : [])];
  if (families.length === 0) throw new Error('this machine has no iptables, or its kernel no nat table');
  log.info(0, 'Using userspace Proxier');
  const createBackend = (family: IpFamily): UserspaceBackend => {
    const place = (): Place => placeOf(config, node(), family);
    log.info(2, 'Setting proxy IP and initializing iptables', { ip: place().nodeAddress ?? '' });
    return new UserspaceBackend({
      ...{ node, log, place },
      netfilter: createNetfilter(family),
      range: new PortRange(config.userspace.portRange),
      createRelay: ({ protocol, portName: servicePortName }) =>
        protocol === 'UDP'
          ? new UdpRelay({ family, log, servicePortName, idleMs: config.userspace.udpIdleMs })
          : new TcpRelay({ log, servicePortName }),
    });
  };
  return { name: 'userspace', families, createBackend };
};
