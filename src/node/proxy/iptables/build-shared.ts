// A service port's lines in the chains that it shares with all others: what leads to its own chains, what rejects, what drops.

import { chain } from './names.ts';
import type { PortContext } from './port-context.ts';
import { type RuleSpec, ruleText } from './rule.ts';

/** A rule in a chain that services share. */
export interface SharedRule {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly text: string;
}

/** In table nat when there is somewhere to go, in table filter when there is not. */
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
  // An external IP may be a load balancer IP as well; one refusal does for both.
  const refused = externalOpen ? [] : new Set(addresses.map(({ ip }) => ip));
  for (const ip of refused) {
    const to = { destination: ip, dport: port.port };
    rules.push(shared(context, 'filter', chain.externalServices, { ...to, ...refusal(context) }));
  }
  if (usesFirewall) rules.push(...firewallDrops(context));
  if (port.nodePort !== 0) rules.push(...nodePortRules(context));
  if (port.healthCheckNodePort !== 0) {
    const comment = `${port.portName} health check node port`;
    const text = ruleText({ protocol: 'tcp', comment, dport: port.healthCheckNodePort, jump: 'ACCEPT' });
    rules.push({ table: 'filter', chain: chain.nodePorts, text });
  }
  return rules;
};

/** What the firewall chain let fall through was not rewritten, so it still bears the load balancer's address. */
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

/** No endpoints at all: the client is told at once. None on this node: dropped, another node may answer. */
const refusal = ({ port, endpoints, options }: PortContext): Pick<RuleSpec, 'comment' | 'jump'> => {
  if (endpoints.any) return { comment: `${port.portName} has no local endpoints`, jump: 'DROP' };
  const answer = options.family === 'IPv6' ? 'icmp6-port-unreachable' : 'icmp-port-unreachable';
  return { comment: `${port.portName} has no endpoints`, jump: `REJECT --reject-with ${answer}` };
};

const shared = (context: PortContext, table: 'nat' | 'filter', name: string, rule: RuleSpec): SharedRule => ({
  table,
  chain: name,
  text: ruleText({ ...rule, protocol: context.protocol }),
});
