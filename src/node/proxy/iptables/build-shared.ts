// The rules of one service port in the chains that all services share: jumps to its own chains, rejects and drops.

import type { PlacedRule, Rule } from '../xtables/rule.ts';
import { chain } from './names.ts';
import type { PortContext } from './port-context.ts';

/** A rule in a chain that all services share. */
export interface SharedRule extends PlacedRule {
  readonly table: 'nat' | 'filter';
}

/** An address with usable endpoints gets a jump in table nat, an address without gets a refusal in table filter. */
export const buildShared = (context: PortContext): SharedRule[] => [
  ...clusterIpRules(context),
  ...externalRules(context),
];

const clusterIpRules = (context: PortContext): SharedRule[] => {
  const { port, internalOpen, internalChain } = context;
  const to = { destination: port.clusterIp, dport: port.port };
  if (internalOpen) {
    const rule = { ...to, comment: `${port.portName} cluster IP`, jump: internalChain };
    return [shared(context, 'nat', chain.services, rule)];
  }
  return [shared(context, 'filter', chain.services, { ...to, ...refusal(context) })];
};

const externalRules = (context: PortContext): SharedRule[] => {
  const { port, names, endpoints, externalOpen, usesFirewall } = context;
  const addresses = [
    ...port.externalIps.map((ip) => ({ ip, kind: 'external IP', jump: names.external })),
    ...port.loadBalancerIps.map((ip) => ({
      ip,
      kind: 'loadbalancer IP',
      jump: usesFirewall ? names.firewall : names.external,
    })),
  ];
  const rules: SharedRule[] = [];
  for (const { ip, kind, jump } of addresses) {
    const to = { destination: ip, dport: port.port };
    const comment = `${port.portName} ${kind}`;
    if (endpoints.any) rules.push(shared(context, 'nat', chain.services, { ...to, comment, jump }));
  }
  // The same address may be an external IP and a load balancer IP; one refusal is enough.
  const refused = externalOpen ? [] : new Set(addresses.map(({ ip }) => ip));
  for (const ip of refused) {
    const to = { destination: ip, dport: port.port };
    rules.push(shared(context, 'filter', chain.externalServices, { ...to, ...refusal(context) }));
  }
  if (usesFirewall) rules.push(...firewallDrops(context));
  if (port.nodePort !== 0) rules.push(...nodePortRules(context));
  if (port.healthCheckNodePort !== 0) rules.push(healthCheckRule(context));
  return rules;
};

/** A packet that KUBE-FW did not accept got no new destination, so it still has the load balancer's address. */
const firewallDrops = (context: PortContext): SharedRule[] =>
  context.port.loadBalancerIps.map((ip) =>
    shared(context, 'filter', chain.proxyFirewall, {
      destination: ip,
      dport: context.port.port,
      comment: `${context.port.portName} traffic not accepted by ${context.names.firewall}`,
      jump: 'DROP',
    }),
  );

const nodePortRules = (context: PortContext): SharedRule[] => {
  const { port, names, endpoints, options, externalOpen } = context;
  const rule = { comment: port.portName, dport: port.nodePort, jump: names.external };
  const rules: SharedRule[] = [];
  if (endpoints.any) {
    if (options.countLocalhostNodePorts && options.family === 'IPv4') {
      const after = ['-m nfacct --nfacct-name  localhost_nps_accepted_pkts'];
      rules.push(shared(context, 'nat', chain.nodePorts, { ...rule, destination: '127.0.0.0/8', after }));
    }
    rules.push(shared(context, 'nat', chain.nodePorts, rule));
  }
  if (!externalOpen) {
    const modules = ['-m addrtype --dst-type LOCAL'];
    const refused = { ...refusal(context), modules, dport: port.nodePort };
    rules.push(shared(context, 'filter', chain.externalServices, refused));
  }
  return rules;
};

const healthCheckRule = ({ port }: PortContext): SharedRule => ({
  table: 'filter',
  chain: chain.nodePorts,
  rule: {
    protocol: 'tcp',
    comment: `${port.portName} health check node port`,
    dport: port.healthCheckNodePort,
    jump: 'ACCEPT',
  },
});

/**
 * A service without endpoints rejects the packet. One without endpoints on this node drops it: the client may try
 * another node.
 */
const refusal = ({ port, endpoints, options }: PortContext): Pick<Rule, 'comment' | 'jump'> => {
  if (endpoints.any) return { comment: `${port.portName} has no local endpoints`, jump: 'DROP' };
  const answer = options.family === 'IPv6' ? 'icmp6-port-unreachable' : 'icmp-port-unreachable';
  return { comment: `${port.portName} has no endpoints`, jump: `REJECT --reject-with ${answer}` };
};

const shared = (context: PortContext, table: 'nat' | 'filter', name: string, rule: Rule): SharedRule => ({
  table,
  chain: name,
  rule: { ...rule, protocol: context.protocol },
});
