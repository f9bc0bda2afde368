// What kube-proxy sets up on the machine once, at its start: kernel settings and its own importance.

import { writeFileSync } from 'node:fs';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { countCpus } from '../sys/machine.ts';
import { readSysctl, writeSysctl } from '../sys/sysctl.ts';
import type { ProxyConfig } from './config/config.ts';

/** Limits and timeouts of connection tracking. What a container may not set is left as it is, and said at -v=2. */
export const setUpConntrack = ({ conntrack }: ProxyConfig, log: Logger): void => {
  // Connections are the whole machine's: a limit of this container's on CPUs says nothing about them.
  const max = Math.max(conntrack.maxPerCore * countCpus(), conntrack.maxPerCore > 0 ? conntrack.min : 0);
  const prefix = 'net/netfilter/nf_conntrack';
  const settings: readonly (readonly [name: string, value: number])[] = [
    [`${prefix}_max`, max],
    [`${prefix}_tcp_timeout_established`, Math.round(conntrack.tcpEstablishedMs / 1000)],
    [`${prefix}_tcp_timeout_close_wait`, Math.round(conntrack.tcpCloseWaitMs / 1000)],
    [`${prefix}_tcp_be_liberal`, conntrack.tcpBeLiberal ? 1 : 0],
    [`${prefix}_udp_timeout`, Math.round(conntrack.udpMs / 1000)],
    [`${prefix}_udp_timeout_stream`, Math.round(conntrack.udpStreamMs / 1000)],
  ];
  for (const [name, value] of settings) {
    // The limit belongs to the whole machine: only ever raised, so that a node in a container doesn't lower its host's.
    if (value === 0 || (name.endsWith('_max') && Number(readSysctl(name) ?? 0) >= value)) continue;
    try {
      writeSysctl(name, value);
    } catch (error) {
      log.info(2, 'Kernel setting left as it is', { name, wanted: value, err: messageOf(error) });
    }
  }
};

export const setUpLocalhostNodePorts = (log: Logger): void => {
  log.info(
    0,
    'Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses',
    { ipFamily: 'IPv4' },
  );
  try {
    writeSysctl('net/ipv4/conf/all/route_localnet', 1);
  } catch (error) {
    log.error('Setting route_localnet failed: node ports will not answer on localhost', error);
  }
};

export const setOomScore = (value: number, log: Logger): void => {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(value));
  } catch (error) {
    log.info(2, 'Failed to apply OOMScore', { err: messageOf(error) });
  }
};
