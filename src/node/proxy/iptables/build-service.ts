// One service port with its endpoints → its rules. Pure; the shape is the original kube-proxy's (v1.36).
//
//   KUBE-SERVICES ─ cluster IP ──────────────────────────────▶ KUBE-SVC ─┬─▶ KUBE-SEP ─ DNAT
//                 ─ external IP ─────────────────▶ KUBE-EXT ─▶ (or SVL)  └─▶ KUBE-SEP ─ DNAT
//                 ─ load balancer IP ─▶ KUBE-FW ─▶    ▲
//   KUBE-NODEPORTS ───────────────────────────────────┘
import { type Categories, categorize } from '../categorize.ts';
import { contains } from '../cidr.ts';
import type { LocalMatch } from '../local-detector.ts';
import {
  type IpFamily,
  isExternallyAccessible,
  type NodeView,
  type ProxyEndpoint,
  type ServicePort,
} from '../types.ts';
import { chain, chainName } from './names.ts';
import { oneOf, type RuleSpec, ruleText } from './rule.ts';

/** What shapes the rules beside the service itself. */
export interface BuildOptions {
  readonly family: IpFamily;
  readonly node: Pick<NodeView, 'name' | 'zone' | 'addresses'>;
  readonly local: LocalMatch;
  readonly masqueradeAll: boolean;
  /** Counts packets to node ports on loopback, where the kernel has nfacct. */
  readonly countLocalhostNodePorts: boolean;
  /** In a cluster of more than 1,000 endpoints the rules of endpoints go without comments. */
  readonly endpointComments: boolean;
}

/** A rule in a chain that services share. */
export interface SharedRule {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly text: string;
}

/** All rules of one service port. */
export interface PortRules {
  /** Chains of its own in table nat, with their rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** What leads to them, and what rejects or drops, in chains that it shares with others. */
  readonly shared: readonly SharedRule[];
  /** Addresses of the endpoints that it leads to. */
  readonly backends: readonly string[];
  /** Policies Local under which this node has nothing to send to (metrics). */
  readonly withoutLocal: readonly ('internal' | 'external')[];
}

export const buildPort = (port: ServicePort, endpoints: readonly ProxyEndpoint[], options: BuildOptions): PortRules => {
  const context = contextOf(port, categorize(port, endpoints, options.node), options);
  const withoutLocal = context.endpoints.any
    ? [...(context.internalOpen ? [] : ['internal' as const]), ...(context.externalOpen ? [] : ['external' as const])]
    : [];
  const shared = [...clusterIpRules(context), ...externalRules(context)];
  const backends = context.endpoints.reachable.map(({ ip }) => ip);
  return { chains: new Map(ownChains(context)), shared, backends, withoutLocal };
};

interface Context {
  readonly port: ServicePort;
  readonly options: BuildOptions;
  readonly endpoints: Categories;
  readonly protocol: string;
  /** Endpoints that traffic to the cluster IP may use exist. */
  readonly internalOpen: boolean;
  /** The same for traffic from outside. */
  readonly externalOpen: boolean;
  readonly names: {
    readonly cluster: string;
    readonly local: string;
    readonly external: string;
    readonly firewall: string;
  };
  /** The chain with the endpoints for the cluster IP. */
  readonly internalChain: string;
  readonly usesFirewall: boolean;
}

const contextOf = (port: ServicePort, endpoints: Categories, options: BuildOptions): Context => {
  const protocol = port.protocol.toLowerCase();
  const identity = port.portName + protocol;
  const names = {
    cluster: chainName('SVC', identity),
    local: chainName('SVL', identity),
    external: chainName('EXT', identity),
    firewall: chainName('FW', identity),
  };
  return {
    port,
    options,
    endpoints,
    protocol,
    names,
    internalOpen: endpoints.any && !(port.internalPolicyLocal && endpoints.local.length === 0),
    externalOpen: endpoints.any && !(port.externalPolicyLocal && endpoints.local.length === 0),
    internalChain: port.internalPolicyLocal ? names.local : names.cluster,
    usesFirewall: endpoints.any && port.loadBalancerIps.length > 0 && port.sourceRanges.length > 0,
  };
};

const clusterIpRules = (context: Context): SharedRule[] => {
  const { port, internalOpen, internalChain } = context;
  const to = { destination: port.clusterIp, dport: port.port };
  if (internalOpen) {
    const rule = { ...to, comment: `${port.portName} cluster IP`, jump: internalChain };
    return [shared(context, 'nat', chain.services, rule)];
  }
  return [shared(context, 'filter', chain.services, { ...to, ...refusal(context) })];
};

const externalRules = (context: Context): SharedRule[] => {
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
    if (!externalOpen) rules.push(shared(context, 'filter', chain.externalServices, { ...to, ...refusal(context) }));
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
const firewallDrops = (context: Context): SharedRule[] =>
  context.port.loadBalancerIps.map((ip) =>
    shared(context, 'filter', chain.proxyFirewall, {
      destination: ip,
      dport: context.port.port,
      comment: `${context.port.portName} traffic not accepted by ${context.names.firewall}`,
      jump: 'DROP',
    }),
  );

const nodePortRules = (context: Context): SharedRule[] => {
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
const refusal = ({ port, endpoints, options }: Context): Pick<RuleSpec, 'comment' | 'jump'> => {
  if (endpoints.any) return { comment: `${port.portName} has no local endpoints`, jump: 'DROP' };
  const answer = options.family === 'IPv6' ? 'icmp6-port-unreachable' : 'icmp-port-unreachable';
  return { comment: `${port.portName} has no endpoints`, jump: `REJECT --reject-with ${answer}` };
};

const shared = (context: Context, table: 'nat' | 'filter', name: string, rule: RuleSpec): SharedRule => ({
  table,
  chain: name,
  text: ruleText({ ...rule, protocol: context.protocol }),
});

/** In the order of definition before use: endpoints, policies, external, firewall. */
const ownChains = (context: Context): [string, string[]][] => {
  const { endpoints, names, port, internalOpen, internalChain } = context;
  if (!endpoints.any) return [];
  const chains: [string, string[]][] = endpoints.reachable.map((endpoint) => [
    endpointChain(context, endpoint),
    endpointRules(context, endpoint),
  ]);
  const masquerade = internalOpen ? masqueradeRules(context) : [];
  const policies = [
    { name: names.cluster, to: endpoints.cluster },
    { name: names.local, to: endpoints.local },
  ];
  for (const { name, to } of policies) {
    if (to.length === 0) continue;
    chains.push([name, [...(name === internalChain ? masquerade : []), ...balanceRules(context, to)]]);
  }
  if (isExternallyAccessible(port)) chains.push([names.external, externalChainRules(context)]);
  if (context.usesFirewall) chains.push([names.firewall, firewallRules(context)]);
  return chains;
};

const endpointChain = ({ port, protocol }: Context, { address }: ProxyEndpoint): string =>
  chainName('SEP', port.portName + protocol + address);

const endpointRules = (context: Context, endpoint: ProxyEndpoint): string[] => {
  const { port, protocol, options } = context;
  const comment = options.endpointComments ? { comment: port.portName } : {};
  const name = endpointChain(context, endpoint);
  const remember =
    port.affinitySeconds === undefined ? [] : [`-m recent --set --name ${name} ${recentMask(options)} --rsource`];
  return [
    // A pod that reaches itself through the service must not see its own address as the client.
    ruleText({ source: endpoint.ip, ...comment, jump: chain.markMasq }),
    ruleText({ protocol, ...comment, modules: remember, dport: 0, jump: `DNAT --to-destination ${endpoint.address}` }),
  ];
};

const recentMask = ({ family }: BuildOptions): string =>
  `--mask ${family === 'IPv6' ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255'}`;

/** Traffic to the cluster IP from elsewhere than our pods may leave by another node than it came: it gets our address. */
const masqueradeRules = ({ port, protocol, options }: Context): string[] => {
  const to = { destination: port.clusterIp, protocol, dport: port.port };
  const rule = { ...to, comment: `${port.portName} cluster IP`, jump: chain.markMasq };
  if (options.masqueradeAll) return [ruleText(rule)];
  return options.local ? [ruleText({ ...rule, ...matchLocal(options.local, '! ') })] : [];
};

const matchLocal = (local: NonNullable<LocalMatch>, not: '' | '! '): RuleSpec =>
  local.kind === 'source' ? { source: not + local.cidr } : { inInterface: not + local.name };

/** One of n, one of the n-1 others, …, the last for certain: all equally likely. */
const balanceRules = (context: Context, endpoints: readonly ProxyEndpoint[]): string[] => {
  const { port, options } = context;
  const ways = endpoints.map((endpoint) => ({
    jump: endpointChain(context, endpoint),
    ...(options.endpointComments ? { comment: `${port.portName} -> ${endpoint.address}` } : {}),
  }));
  const remembered =
    port.affinitySeconds === undefined
      ? []
      : ways.map((way) => {
          const seconds = `--rcheck --seconds ${port.affinitySeconds} --reap`;
          const recent = `-m recent ${seconds} --name ${way.jump} ${recentMask(options)} --rsource`;
          return ruleText({ ...way, modules: [recent] });
        });
  const random = ways.map((way, index) => {
    const left = ways.length - index;
    return ruleText({ ...way, modules: left > 1 ? [oneOf(left)] : [] });
  });
  return [...remembered, ...random];
};

const externalChainRules = ({ port, options, names, externalOpen }: Context): string[] => {
  const about = `${port.portName} external destinations`;
  const fromNode = ['-m addrtype --src-type LOCAL'];
  const rules: RuleSpec[] = [];
  if (!port.externalPolicyLocal) {
    rules.push({ comment: `masquerade traffic for ${about}`, jump: chain.markMasq });
  } else {
    // Pods and the node itself reach the service as if they had gone out to a load balancer and come back.
    if (options.local) {
      rules.push({ ...matchLocal(options.local, ''), comment: `pod traffic for ${about}`, jump: names.cluster });
    }
    rules.push(
      { comment: `masquerade LOCAL traffic for ${about}`, modules: fromNode, jump: chain.markMasq },
      { comment: `route LOCAL traffic for ${about}`, modules: fromNode, jump: names.cluster },
    );
  }
  if (externalOpen) rules.push({ jump: port.externalPolicyLocal ? names.local : names.cluster });
  return rules.map(ruleText);
};

const firewallRules = ({ port, options, names }: Context): string[] => {
  const nodeIp = options.node.addresses[options.family];
  const comment = `${port.portName} loadbalancer IP`;
  // A node that owns the load balancer's address sends from that address.
  const ownAddresses =
    nodeIp !== undefined && port.sourceRanges.some((range) => contains(range, nodeIp)) ? port.loadBalancerIps : [];
  return [
    ...[...port.sourceRanges, ...ownAddresses].map((source) => ruleText({ source, comment, jump: names.external })),
    ruleText({ comment: `other traffic to ${port.portName} will be dropped by ${chain.proxyFirewall}` }),
  ];
};
