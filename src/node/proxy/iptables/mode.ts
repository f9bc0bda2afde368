// iptables mode on this machine: which families it can write, what is set up once, and a backend for each family.

import { formatGoDuration } from '../../../kit/duration.ts';
import type { Logger } from '../../../kit/logger.ts';
import { createChainLister } from '../../sys/chain-lister.ts';
import { createAccounting, createNetfilter, type Netfilter } from '../../sys/netfilter.ts';
import { readSysctl } from '../../sys/sysctl.ts';
import { isInUserNamespace } from '../../sys/user-namespace.ts';
import type { Mode, ModeContext } from '../backend.ts';
import type { ProxyConfig } from '../config/config.ts';
import { localMatch } from '../local-detector.ts';
import { setUpLocalhostNodePorts } from '../system.ts';
import type { IpFamily } from '../types.ts';
import { nodePortAddresses } from '../view/machine-addresses.ts';
import { findPacketFilter } from '../xtables/packet-filter.ts';
import { IptablesBackend } from './backend.ts';
import { buildBase } from './build-base.ts';
import { pieceSizes } from './plan.ts';

/** Counters of the rules with `-m nfacct`. */
const accountingObjects = ['ct_state_invalid_dropped_pkts', 'localhost_nps_accepted_pkts'];

/** @throws Error where the machine has no iptables at all */
export const openIptables = async (context: ModeContext): Promise<Mode> => {
  const { config, log, node, signal } = context;
  const [{ flavour, legacy, because, families }, nfacct] = await Promise.all([
    findPacketFilter(log, signal),
    createAccounting(accountingObjects, signal),
  ]);
  const confined = await isInUserNamespace();
  log.info(0, 'Using iptables Proxier');
  log.info(0, 'Using iptables backend', { backend: flavour, because });
  const localhostNodePorts = config.localhostNodePorts && answersOnLoopback(context);
  if (localhostNodePorts) setUpLocalhostNodePorts(log);
  // An administrator may have set it, too: on that node conntrack finds legitimate packets invalid, and they must not
  // be dropped.
  const conntrackTcpBeLiberal =
    config.conntrack.tcpBeLiberal || Number(readSysctl('net/netfilter/nf_conntrack_tcp_be_liberal') ?? 0) > 0;
  if (conntrackTcpBeLiberal)
    log.info(0, 'nf_conntrack_tcp_be_liberal set, not installing DROP rules for INVALID packets');
  const createBackend = (family: IpFamily): IptablesBackend => {
    const masqueradeMark = 2 ** config.masqueradeBit;
    log.info(2, 'Using iptables mark for masquerade', {
      ipFamily: family,
      mark: `0x${masqueradeMark.toString(16).padStart(8, '0')}`,
    });
    logPace(config, family, log);
    return new IptablesBackend({
      ...{ family, log },
      pieces: pieceSizes[legacy ? 'legacy' : confined ? 'confined' : 'nft'],
      netfilter: logged(createNetfilter(family, [], flavour), family, log),
      lister: createChainLister(family, [], flavour),
      base: () =>
        buildBase({
          ...{ family, masqueradeMark, localhostNodePorts, nfacct },
          nodePortAddresses: nodePortAddresses(config.nodePortAddresses, family, node()),
          conntrackTcpBeLiberal,
        }),
      build: () => ({
        node: node(),
        local: localMatch(config.detectLocal, node(), family),
        masqueradeAll: config.masqueradeAll,
        countLocalhostNodePorts: nfacct && localhostNodePorts,
      }),
    });
  };
  return { name: 'iptables', families, createBackend };
};

const logPace = ({ minSyncPeriodMs, syncPeriodMs }: ProxyConfig, ipFamily: IpFamily, log: Logger): void => {
  log.info(2, 'Iptables sync params', {
    ipFamily,
    minSyncPeriod: minSyncPeriodMs === undefined ? 'adaptive' : formatGoDuration(minSyncPeriodMs),
    syncPeriod: formatGoDuration(syncPeriodMs),
    maxSyncPeriod: '1h0m0s',
  });
  log.info(2, 'Iptables supports --random-fully', { ipFamily });
};

/** Logs each call of a tool at -v=4, as the original does. */
const logged = (netfilter: Netfilter, family: IpFamily, log: Logger): Netfilter => {
  const tool = family === 'IPv6' ? 'ip6tables' : 'iptables';
  const logCall = (command: string, args: readonly string[]): void =>
    log.info(4, 'Running', { command: `${tool}-${command}`, arguments: args });
  return {
    ...netfilter,
    save: (signal) => {
      logCall('save', []);
      return netfilter.save(signal);
    },
    restore: (input, signal) => {
      logCall('restore', ['-w', '5', '--noflush', '--counters']);
      return netfilter.restore(input, signal);
    },
  };
};

const answersOnLoopback = ({ config, node }: ModeContext): boolean => {
  const addresses = nodePortAddresses(config.nodePortAddresses, 'IPv4', node());
  return addresses === 'all' || addresses.some((address) => address.startsWith('127.'));
};
