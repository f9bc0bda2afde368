// The rules of iptables mode that don't depend on services: jumps into kube-proxy's chains, masquerading, and the
// canary chains.
import type { IpFamily } from '../types.ts';
import { forwardJump, jumpTo, natJumps } from '../xtables/common-chains.ts';
import { acceptForwarded, markForMasquerade, masqueradeMarked } from '../xtables/masquerade.ts';
import type { Chain, Jump, Rule, TableName } from '../xtables/rule.ts';
import { chain } from './names.ts';

export interface BaseOptions {
  readonly family: IpFamily;
  /** One bit, e.g. 0x4000 (`--iptables-masquerade-bit` 14). */
  readonly masqueradeMark: number;
  readonly localhostNodePorts: boolean;
  /** Addresses of this node that accept node ports. */
  readonly nodePortAddresses: 'all' | readonly string[];
  /** Keeps packets that conntrack finds invalid. */
  readonly conntrackTcpBeLiberal: boolean;
  /** Counts invalid packets. Needs a kernel with nfacct. */
  readonly nfacct: boolean;
}

export interface BaseRules {
  readonly chains: readonly Chain[];
  /** In the order in which they stand in their chains. */
  readonly jumps: readonly Jump[];
  /**
   * The last rules of nat's KUBE-SERVICES: the jumps to the node ports, which come after all rules for single
   * addresses.
   */
  readonly servicesTail: readonly Rule[];
}

export const buildBase = (options: BaseOptions): BaseRules => ({
  chains: [
    { table: 'mangle', name: chain.canary, rules: [] },
    { table: 'filter', name: chain.canary, rules: [] },
    { table: 'filter', name: chain.firewall, rules: firewall(options) },
    { table: 'filter', name: chain.forward, rules: forward(options) },
    { table: 'nat', name: chain.canary, rules: [] },
    { table: 'nat', name: chain.markMasq, rules: [markForMasquerade(options.masqueradeMark)] },
    { table: 'nat', name: chain.postrouting, rules: masqueradeMarked(options.masqueradeMark) },
  ],
  jumps,
  servicesTail: servicesTail(options),
});

/**
 * Node ports on 127.0.0.1 need route_localnet, with which neighbours could reach services on loopback (CVE-2020-8558).
 */
const firewall = ({ family, localhostNodePorts }: BaseOptions): Rule[] =>
  family === 'IPv4' && localhostNodePorts
    ? [
        {
          source: '! 127.0.0.0/8',
          destination: '127.0.0.0/8',
          comment: 'block incoming localnet connections',
          modules: ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT'],
          jump: 'DROP',
        },
      ]
    : [];

/**
 * NAT does not rewrite an invalid packet, and the client would reset its connection because of it (kubernetes#74839).
 */
const forward = ({ masqueradeMark, conntrackTcpBeLiberal, nfacct }: BaseOptions): Rule[] => {
  const modules = nfacct ? ['-m nfacct --nfacct-name  ct_state_invalid_dropped_pkts'] : undefined;
  const dropInvalid = { before: ['-m conntrack --ctstate INVALID'], modules, jump: 'DROP' };
  return [...(conntrackTcpBeLiberal ? [] : [dropInvalid]), ...acceptForwarded(masqueradeMark)];
};

const servicesTail = ({ family, nodePortAddresses, localhostNodePorts }: BaseOptions): Rule[] => {
  const comment = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';
  if (nodePortAddresses !== 'all') {
    // Loopback needs route_localnet, which exists for IPv4 only.
    const usable = nodePortAddresses.filter((address) => localhostNodePorts || !address.startsWith('127.'));
    return usable
      .filter((address) => address !== '::1')
      .map((destination) => ({ destination, comment, jump: chain.nodePorts }));
  }
  const loopback = family === 'IPv6' ? '::1/128' : localhostNodePorts ? undefined : '127.0.0.0/8';
  const destination = loopback === undefined ? undefined : `! ${loopback}`;
  return [{ destination, comment, modules: ['-m addrtype --dst-type LOCAL'], jump: chain.nodePorts }];
};

const newOnly = (table: TableName, from: string, to: string, comment: string): Jump => {
  const jump = jumpTo(table, from, to, comment);
  return { ...jump, rule: { ...jump.rule, before: ['-m conntrack --ctstate NEW'] } };
};

const portals = 'kubernetes service portals';
const visible = 'kubernetes externally-visible service portals';
const balancer = 'kubernetes load balancer firewall';

/** From the kernel's own chains to kube-proxy's. */
export const jumps: readonly Jump[] = [
  jumpTo('filter', 'INPUT', chain.firewall),
  newOnly('filter', 'INPUT', chain.proxyFirewall, balancer),
  jumpTo('filter', 'INPUT', chain.nodePorts, 'kubernetes health check service ports'),
  newOnly('filter', 'INPUT', chain.externalServices, visible),
  newOnly('filter', 'FORWARD', chain.proxyFirewall, balancer),
  forwardJump,
  newOnly('filter', 'FORWARD', chain.services, portals),
  newOnly('filter', 'FORWARD', chain.externalServices, visible),
  jumpTo('filter', 'OUTPUT', chain.firewall),
  newOnly('filter', 'OUTPUT', chain.proxyFirewall, balancer),
  newOnly('filter', 'OUTPUT', chain.services, portals),
  ...natJumps,
];
