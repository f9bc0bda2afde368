// The own chains of one service port: one for each endpoint (KUBE-SEP), the choice among endpoints (KUBE-SVC,
// KUBE-SVL), and the entries for traffic from outside (KUBE-EXT, KUBE-FW).
import { networkContains } from '../../../api/ip.ts';
import type { LocalMatch } from '../local-detector.ts';
import { isExternallyAccessible, type ProxyEndpoint } from '../types.ts';
import { oneOf, type Rule } from '../xtables/rule.ts';
import { chain, chainName } from './names.ts';
import type { BuildOptions, PortContext } from './port-context.ts';

/** Each chain comes before the chains that lead to it. */
export const buildChains = (context: PortContext): [name: string, rules: Rule[]][] => {
  const { endpoints, names, port, internalOpen, internalChain } = context;
  if (!endpoints.any) return [];
  const chains: [string, Rule[]][] = endpoints.reachable.map((endpoint) => endpointChain(context, endpoint));
  const masquerade = internalOpen ? clusterIpMasquerade(context) : [];
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

const endpointChainName = ({ port, protocol }: PortContext, { address }: ProxyEndpoint): string =>
  chainName('SEP', port.portName + protocol + address);

const endpointChain = (context: PortContext, endpoint: ProxyEndpoint): [string, Rule[]] => {
  const { port, protocol, options } = context;
  const comment = options.endpointComments ? port.portName : undefined;
  const name = endpointChainName(context, endpoint);
  const remember =
    port.affinitySeconds === undefined
      ? undefined
      : [`-m recent --set --name ${name} ${recentMask(options)} --rsource`];
  const rules = [
    // A pod that reaches itself through the service must not see its own address as the client.
    { source: endpoint.ip, comment, jump: chain.markMasq },
    { protocol, comment, modules: remember, dport: 0, jump: `DNAT --to-destination ${endpoint.address}` },
  ];
  return [name, rules];
};

const recentMask = ({ family }: BuildOptions): string =>
  `--mask ${family === 'IPv6' ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255'}`;

/**
 * Traffic that no pod sent is masqueraded: the endpoint may be on another node, and its replies must come back to this
 * one.
 */
const clusterIpMasquerade = ({ port, protocol, options }: PortContext): Rule[] => {
  const to = { destination: port.clusterIp, protocol, dport: port.port };
  const rule = { ...to, comment: `${port.portName} cluster IP`, jump: chain.markMasq };
  if (options.masqueradeAll) return [rule];
  return options.local ? [{ ...rule, ...matchLocal(options.local, '! ') }] : [];
};

const matchLocal = (local: NonNullable<LocalMatch>, not: '' | '! '): Rule =>
  local.kind === 'source' ? { source: not + local.cidr } : { inInterface: not + local.name };

/**
 * The first rule takes 1/n of the packets, the next 1/(n-1) of the rest, the last all that remain: all endpoints get as
 * many.
 */
const balanceRules = (context: PortContext, endpoints: readonly ProxyEndpoint[]): Rule[] => {
  const { port, options } = context;
  const jumps = endpoints.map((endpoint) => ({
    jump: endpointChainName(context, endpoint),
    comment: options.endpointComments ? `${port.portName} -> ${endpoint.address}` : undefined,
  }));
  const remembered =
    port.affinitySeconds === undefined
      ? []
      : jumps.map(({ jump, comment }) => {
          const seconds = `--rcheck --seconds ${port.affinitySeconds} --reap`;
          const recent = `-m recent ${seconds} --name ${jump} ${recentMask(options)} --rsource`;
          return { comment, modules: [recent], jump };
        });
  const random = jumps.map(({ jump, comment }, index) => {
    const left = jumps.length - index;
    return { comment, modules: left > 1 ? [oneOf(left)] : undefined, jump };
  });
  return [...remembered, ...random];
};

/**
 * Under policy Cluster all traffic from outside is masqueraded, node ports included; under Local only what this node
 * itself sends.
 */
const externalChainRules = ({ port, options, names, externalOpen }: PortContext): Rule[] => {
  const about = `${port.portName} external destinations`;
  const fromNode = ['-m addrtype --src-type LOCAL'];
  const rules: Rule[] = [];
  if (!port.externalPolicyLocal) {
    rules.push({ comment: `masquerade traffic for ${about}`, jump: chain.markMasq });
  } else {
    // For pods and the node itself, the service behaves as behind a real load balancer: they reach all endpoints.
    if (options.local) {
      rules.push({ ...matchLocal(options.local, ''), comment: `pod traffic for ${about}`, jump: names.cluster });
    }
    rules.push(
      { comment: `masquerade LOCAL traffic for ${about}`, modules: fromNode, jump: chain.markMasq },
      { comment: `route LOCAL traffic for ${about}`, modules: fromNode, jump: names.cluster },
    );
  }
  if (externalOpen) rules.push({ jump: port.externalPolicyLocal ? names.local : names.cluster });
  return rules;
};

const firewallRules = ({ port, options, names }: PortContext): Rule[] => {
  const nodeIp = options.node.addresses[options.family];
  const comment = `${port.portName} loadbalancer IP`;
  // A node that has the load balancer's address uses it as the source of its own packets.
  const ownAddresses =
    nodeIp !== undefined && port.sourceRanges.some((range) => networkContains(range, nodeIp))
      ? port.loadBalancerIps
      : [];
  return [
    ...[...port.sourceRanges, ...ownAddresses].map((source) => ({ source, comment, jump: names.external })),
    { comment: `other traffic to ${port.portName} will be dropped by ${chain.proxyFirewall}` },
  ];
};
