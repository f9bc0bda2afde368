// ipvs mode on this machine: whether the machine has what the mode needs, what is set up once, and a backend for each
// family.
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { createDummyLink } from '../../sys/dummy-link.ts';
import { createIpset, ipsetProblem } from '../../sys/ipset.ts';
import type { Flavour } from '../../sys/iptables-flavour.ts';
import { createIpvs, ipvsProblem } from '../../sys/ipvs.ts';
import { kernelIsOlderThan } from '../../sys/machine.ts';
import { createNetfilter } from '../../sys/netfilter.ts';
import type { Mode, ModeContext } from '../backend.ts';
import type { IpvsConfig } from '../config/config.ts';
import { localMatch } from '../local-detector.ts';
import { setSysctl } from '../system.ts';
import type { IpFamily } from '../types.ts';
import { machineAddresses, nodePortAddresses, serviceLink } from '../view/machine-addresses.ts';
import { findPacketFilter } from '../xtables/packet-filter.ts';
import { IpvsBackend } from './backend.ts';
import type { BuildOptions } from './build-port.ts';
import { RuleWriter } from './rule-writer.ts';

const defaultScheduler = 'rr';

/** @returns undefined where the machine lacks what the mode needs. The log then says what is missing. */
export const openIpvs = async (context: ModeContext): Promise<Mode | undefined> => {
  const { config, log, signal } = context;
  const scheduler = config.ipvs.scheduler || defaultScheduler;
  const lack = await findLack(scheduler, signal);
  if (lack !== undefined) {
    log.error("Can't use the IPVS proxier, falling back to iptables", new Error(lack));
    return undefined;
  }
  const { flavour, because, families } = await findPacketFilter(log, signal);
  log.info(0, 'Using ipvs Proxier');
  log.info(0, 'Using iptables backend', { backend: flavour, because });
  if (config.ipvs.scheduler === '') log.info(2, 'IPVS scheduler not specified, use rr by default');
  await setUp(config.ipvs, log, signal);
  return { name: 'ipvs', families, createBackend: (family) => createBackend(family, { scheduler, flavour }, context) };
};

/** @returns a sentence that says what is missing; undefined: nothing */
const findLack = async (scheduler: string, signal: AbortSignal): Promise<string | undefined> => {
  const lack = (await ipvsProblem(scheduler, signal)) ?? (await ipsetProblem(signal));
  if (lack !== undefined) return lack;
  try {
    await createDummyLink(serviceLink).ensure(signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `the link ${serviceLink} cannot be made (module dummy): ${messageOf(error)}`;
  }
};

interface Tools {
  readonly scheduler: string;
  readonly flavour: Flavour;
}

const createBackend = (family: IpFamily, { scheduler, flavour }: Tools, context: ModeContext): IpvsBackend => {
  const { config, log, node, signal } = context;
  const build = (): BuildOptions => {
    const own = reachable(machineAddresses(family));
    const asked = nodePortAddresses(config.nodePortAddresses, family, node());
    return {
      node: node(),
      scheduler,
      machineAddresses: own,
      nodePortAddresses: asked === 'all' ? own : reachable(asked),
    };
  };
  return new IpvsBackend({
    ...{ family, log, build, signal },
    ipvs: createIpvs(),
    ipset: createIpset(),
    link: createDummyLink(serviceLink),
    rules: new RuleWriter(createNetfilter(family, [], flavour)),
    ruleOptions: () => ({
      masqueradeMark: 2 ** config.masqueradeBit,
      masqueradeAll: config.masqueradeAll,
      local: localMatch(config.detectLocal, node(), family),
    }),
    excluded: config.ipvs.excludeCidrs,
  });
};

/** IPVS forwards nothing from loopback, and a link-local address needs the name of its link. */
const reachable = (addresses: readonly string[]): string[] =>
  [...new Set(addresses)].filter((ip) => !/^(127\.|::1$|fe[89ab])/.test(ip)).sort();

const setUp = async (ipvs: IpvsConfig, log: Logger, signal: AbortSignal): Promise<void> => {
  const settings: readonly (readonly [name: string, value: number])[] = [
    // Rules masquerade and match states, and both need conntrack.
    ['net/ipv4/vs/conntrack', 1],
    // Ends connections to a removed endpoint at once, and the affinity of clients to one that gets no new connections.
    ['net/ipv4/vs/expire_nodest_conn', 1],
    ['net/ipv4/vs/expire_quiescent_template', 1],
    // On older kernels a client that reuses a port waits a second for its connection (kubernetes#81775).
    ...(kernelIsOlderThan([5, 9]) ? ([['net/ipv4/vs/conn_reuse_mode', 0]] as const) : []),
    ['net/ipv4/ip_forward', 1],
    // Otherwise the node answers ARP requests for the addresses of services.
    ...(ipvs.strictArp
      ? ([
          ['net/ipv4/conf/all/arp_ignore', 1],
          ['net/ipv4/conf/all/arp_announce', 2],
        ] as const)
      : []),
  ];
  for (const [name, value] of settings) {
    try {
      setSysctl(name, value, log);
    } catch (error) {
      log.error('Kernel setting left as it is', error, { name, wanted: value });
    }
  }
  const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000);
  const timeouts = {
    tcp: seconds(ipvs.tcpTimeoutMs),
    tcpFin: seconds(ipvs.tcpFinTimeoutMs),
    udp: seconds(ipvs.udpTimeoutMs),
  };
  if (Object.values(timeouts).some((value) => value > 0)) await createIpvs().setTimeouts(timeouts, signal);
};
