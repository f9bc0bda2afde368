// What kube-proxy sets up on the machine at its start: kernel settings, and its priority for the out-of-memory killer.

import { writeFileSync } from 'node:fs';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { countCpus } from '../sys/machine.ts';
import { readSysctl, writeSysctl } from '../sys/sysctl.ts';
import type { ProxyConfig } from './config/config.ts';

/**
 * Sets limits and timeouts of connection tracking. A setting that a container may not change stays, and is logged at
 * -v=2.
 */
export const setUpConntrack = ({ conntrack }: ProxyConfig, log: Logger): void => {
  // Conntrack counts the connections of the whole machine, so all its CPUs count and not only those of this container.
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
    // The limit is one for the whole machine. It is only raised, so that a node in a container does not lower its
    // host's limit.
    if (value === 0 || (name.endsWith('_max') && Number(readSysctl(name) ?? 0) >= value)) continue;
    try {
      if (writeSysctl(name, value) !== undefined) log.info(0, 'Set sysctl', { entry: name, value });
    } catch (error) {
      log.info(2, 'Kernel setting left as it is', { name, wanted: value, err: messageOf(error) });
    }
  }
};

/** Logs a changed setting. @throws as `writeSysctl` */
export const setSysctl = (name: string, value: number, log: Logger): void => {
  const before = writeSysctl(name, value);
  if (before !== undefined) log.info(1, 'Changed sysctl', { name, before, after: value });
};

export const setUpLocalhostNodePorts = (log: Logger): void => {
  log.info(
    0,
    'Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses',
    { ipFamily: 'IPv4' },
  );
  try {
    setSysctl('net/ipv4/conf/all/route_localnet', 1, log);
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
