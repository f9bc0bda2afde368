// The chains of one service port: endpoints, the choice among them, the way in from outside.
import { networkContains } from '../../../api/ip.ts';
import type { LocalMatch } from '../local-detector.ts';
import { isExternallyAccessible, type ProxyEndpoint } from '../types.ts';
import { chain, chainName } from './names.ts';
import type { BuildOptions, PortContext } from './port-context.ts';
import { oneOf, type RuleSpec, ruleText } from './rule.ts';

/** In the order of definition before use: endpoints, policies, external, firewall. */
export const buildChains = (context: PortContext): [string, string[]][] => {
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

const endpointChain = ({ port, protocol }: PortContext, { address }: ProxyEndpoint): string =>
  chainName('SEP', port.portName + protocol + address);

const endpointRules = (context: PortContext, endpoint: ProxyEndpoint): string[] => {
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
const masqueradeRules = ({ port, protocol, options }: PortContext): string[] => {
  const to = { destination: port.clusterIp, protocol, dport: port.port };
  const rule = { ...to, comment: `${port.portName} cluster IP`, jump: chain.markMasq };
  if (options.masqueradeAll) return [ruleText(rule)];
  return options.local ? [ruleText({ ...rule, ...matchLocal(options.local, '! ') })] : [];
};

const matchLocal = (local: NonNullable<LocalMatch>, not: '' | '! '): RuleSpec =>
  local.kind === 'source' ? { source: not + local.cidr } : { inInterface: not + local.name };

/** One of n, one of the n-1 others, …, the last for certain: all equally likely. */
const balanceRules = (context: PortContext, endpoints: readonly ProxyEndpoint[]): string[] => {
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

const externalChainRules = ({ port, options, names, externalOpen }: PortContext): string[] => {
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

const firewallRules = ({ port, options, names }: PortContext): string[] => {
  const nodeIp = options.node.addresses[options.family];
  const comment = `${port.portName} loadbalancer IP`;
  // A node that owns the load balancer's address sends from that address.
  const ownAddresses =
    nodeIp !== undefined && port.sourceRanges.some((range) => networkContains(range, nodeIp))
      ? port.loadBalancerIps
      : [];
  return [
    ...[...port.sourceRanges, ...ownAddresses].map((source) => ruleText({ source, comment, jump: names.external })),
    ruleText({ comment: `other traffic to ${port.portName} will be dropped by ${chain.proxyFirewall}` }),
  ];
};
