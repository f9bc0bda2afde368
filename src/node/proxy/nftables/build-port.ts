// One service port with its endpoints → what it needs in the table. Pure.
//
//   service-ips       address . protocol . port ─▶ service-tcp-3: endpoints-tcp[address . port . random of 3] ─▶ DNAT
//                                               ─▶ external-…: masquerade, or keep the client's address; then as above
//   service-nodeports           protocol . port ─▶ external-nodeport-tcp-3 ─▶ nodeport-tcp-3: nodeport-endpoints-tcp[…] ─▶ DNAT
//
// There is a chain for each *number* of endpoints, not for each service. Which service and which endpoint is a matter of map elements,
// and these the kernel adds and takes away without looking at any rule again.
import type { Protocol } from '../../../api/core.ts';
import type { ProxyEndpoint, ServicePort } from '../types.ts';
import { categorize } from '../view/categorize.ts';
import { buildAffinity } from './build-affinity.ts';
import { localRule, markRule } from './build-base.ts';
import { buildFirewall } from './build-firewall.ts';
import {
  type Chain,
  type ChoiceMap,
  type Element,
  type Item,
  type NftProtocol,
  type SetName,
  sets,
  words,
} from './model.ts';
import type { BuildOptions, PortContext } from './port-context.ts';

type Policy = 'cluster' | 'local';

/** What packets can be sent to: an address and port, or a port of the node. */
interface Front {
  readonly key: string;
  readonly verdicts: SetName;
  /** Where its endpoints are, with the key that they have there and what packets are looked up by. */
  readonly choices: Readonly<Record<Policy, { readonly chain: string; readonly map: ChoiceMap }>>;
  readonly choiceKey: string;
  readonly choiceMatch: string;
  readonly rejected: SetName;
  readonly dropped: SetName;
}

/** A chain that sends a packet to one of some endpoints, and what it needs. */
interface Choice {
  readonly chain: string;
  readonly items: readonly Item[];
}

export const buildPort = (port: ServicePort, endpoints: readonly ProxyEndpoint[], options: BuildOptions): Item[] => {
  const context: PortContext = {
    ...{ port, options },
    endpoints: categorize(port, endpoints, options.node),
    protocol: nftProtocols[port.protocol],
    comment: port.portName.slice(0, longestComment),
  };
  return [
    { kind: 'element', set: sets.clusterIps, key: port.clusterIp },
    ...hairpins(context),
    ...buildInternal(context),
    ...externalFronts(context).flatMap((front) => buildExternal(context, front)),
    ...buildFirewall(context),
  ];
};

const longestComment = 127;

const nftProtocols: Readonly<Record<Protocol, NftProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** Only of this node: a pod elsewhere that reaches itself is its node's business. */
const hairpins = ({ endpoints, protocol }: PortContext): Element[] =>
  endpoints.reachable
    .filter(({ local }) => local)
    .map(({ ip, port }) => ({ kind: 'element', set: sets.hairpin, key: joined(ip, ip, protocol, port) }));

const buildInternal = (context: PortContext): Item[] => {
  const { port } = context;
  const front = addressFront(context, port.clusterIp);
  // The policy decides which endpoints there are; a cluster IP has only these.
  const choice = chooseOne(context, front, 'cluster', port.internalPolicyLocal ? 'local' : 'cluster');
  return choice ? [lead(context, front, choice.chain), ...choice.items] : [refuse(context, front)];
};

const externalFronts = (context: PortContext): Front[] => {
  const { port } = context;
  const addresses = new Set([...port.externalIps, ...port.loadBalancerIps]);
  return [
    ...[...addresses].map((address) => addressFront(context, address)),
    ...(port.nodePort === 0 ? [] : [nodePortFront(context)]),
  ];
};

const buildExternal = (context: PortContext, front: Front): Item[] => {
  const { port, options, endpoints } = context;
  if (!endpoints.any) return [refuse(context, front)];
  const cluster = chooseOne(context, front, 'cluster', 'cluster');
  const mark = markRule(options.masqueradeMark);
  const go = (choice: Choice | undefined, match = ''): string[] => (choice ? [`${match}goto ${choice.chain}`] : []);
  if (!port.externalPolicyLocal) {
    const name = `external-${cluster?.chain ?? 'none'}`;
    const chain: Chain = { kind: 'chain', name, rules: [mark, ...go(cluster)] };
    return [lead(context, front, name), chain, ...(cluster?.items ?? [])];
  }
  const local = chooseOne(context, front, 'local', 'local');
  const name = `external-${cluster?.chain ?? 'none'}-${local?.chain ?? 'none'}`;
  // Pods and the node itself reach the service as if they had gone out to a load balancer and come back.
  const rules = [
    ...(options.local ? go(cluster, `${localRule(options.local, words[options.family], '')} `) : []),
    `fib saddr type local ${mark}`,
    ...go(cluster, 'fib saddr type local '),
    ...go(local),
  ];
  return [
    lead(context, front, name),
    { kind: 'chain', name, rules },
    ...(cluster?.items ?? []),
    ...(local?.items ?? [refuse(context, front)]),
  ];
};

/** @param place which of the front's maps holds them @returns undefined where there is no endpoint */
const chooseOne = (context: PortContext, front: Front, place: Policy, policy: Policy): Choice | undefined => {
  const endpoints = context.endpoints[policy];
  if (endpoints.length === 0) return undefined;
  if (context.port.affinitySeconds !== undefined) return buildAffinity(context, policy, context.port.affinitySeconds);
  const { chain, map } = front.choices[place];
  const name = `${chain}-${endpoints.length}`;
  const { ip } = words[context.options.family];
  const rule = `dnat ${ip} to ${front.choiceMatch} . numgen random mod ${endpoints.length} map @${map}`;
  const elements = endpoints.map(
    (endpoint, index): Element => ({
      ...{ kind: 'element', set: map },
      key: joined(front.choiceKey, index),
      value: joined(endpoint.ip, endpoint.port),
    }),
  );
  return { chain: name, items: [{ kind: 'chain', name, rules: [rule] }, ...elements] };
};

const addressFront = ({ port, options, protocol }: PortContext, address: string): Front => ({
  key: joined(address, protocol, port.port),
  verdicts: sets.serviceIps,
  choices: {
    cluster: { chain: `service-${protocol}`, map: `endpoints-${protocol}` },
    local: { chain: `local-${protocol}`, map: `local-endpoints-${protocol}` },
  },
  choiceKey: `${address} . ${port.port}`,
  choiceMatch: `${words[options.family].ip} daddr . ${protocol} dport`,
  rejected: sets.rejected,
  dropped: sets.dropped,
});

const nodePortFront = ({ port, protocol }: PortContext): Front => ({
  key: joined(protocol, port.nodePort),
  verdicts: sets.serviceNodePorts,
  choices: {
    cluster: { chain: `nodeport-${protocol}`, map: `nodeport-endpoints-${protocol}` },
    local: { chain: `nodeport-local-${protocol}`, map: `nodeport-local-endpoints-${protocol}` },
  },
  choiceKey: `${port.nodePort}`,
  choiceMatch: `${protocol} dport`,
  rejected: sets.rejectedNodePorts,
  dropped: sets.droppedNodePorts,
});

/** Joined at once: pieces put together by a template stay pieces in memory, of a hundred thousand keys. */
const joined = (...parts: readonly (string | number)[]): string => parts.join(' . ');

const lead = ({ comment }: PortContext, { key, verdicts }: Front, chain: string): Element => ({
  ...{ kind: 'element', set: verdicts, key, comment },
  value: `goto ${chain}`,
});

const refuse = ({ comment, endpoints }: PortContext, { key, rejected, dropped }: Front): Element => ({
  ...{ kind: 'element', key, comment },
  set: endpoints.any ? dropped : rejected,
});
