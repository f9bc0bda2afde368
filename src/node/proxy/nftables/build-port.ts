// One service port with its endpoints → what it needs in the table. Pure.
//
//   service-ips       address . protocol . port ─▶ service-3: endpoints[address . protocol . port . random of 3] ─▶ DNAT
//                                               ─▶ external-…: masquerade, or keep the client's address; then as above
//   service-nodeports           protocol . port ─▶ external-nodeport-3 ─▶ nodeport-3: nodeport-endpoints[…] ─▶ DNAT
//
// There is a chain for each *number* of endpoints, not for each service. Which service and which endpoint is a matter of map elements,
// and these the kernel adds and takes away without looking at any rule again.
import { categorize } from '../categorize.ts';
import type { ProxyEndpoint, ServicePort } from '../types.ts';
import { buildAffinity } from './build-affinity.ts';
import { localRule, markRule } from './build-base.ts';
import { buildFirewall } from './build-firewall.ts';
import { type Chain, type Element, type Item, portAlone, type SetName, sets, words } from './model.ts';
import type { BuildOptions, PortContext } from './port-context.ts';

type Policy = 'cluster' | 'local';

/** What packets can be sent to: an address and port, or a port of the node. */
interface Front {
  readonly key: string;
  /** What its packets are looked up by. */
  readonly match: string;
  readonly verdicts: SetName;
  readonly choices: Readonly<Record<Policy, { readonly chain: string; readonly map: SetName }>>;
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
    protocol: port.protocol.toLowerCase(),
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
  const rule = `dnat ${ip} to ${front.match} . numgen random mod ${endpoints.length} map @${map}`;
  const elements = endpoints.map(
    (endpoint, index): Element => ({
      ...{ kind: 'element', set: map },
      key: joined(front.key, index),
      value: joined(endpoint.ip, endpoint.port),
    }),
  );
  return { chain: name, items: [{ kind: 'chain', name, rules: [rule] }, ...elements] };
};

const addressFront = ({ port, options, protocol }: PortContext, address: string): Front => ({
  key: joined(address, protocol, port.port),
  match: words[options.family].destination,
  verdicts: sets.serviceIps,
  choices: {
    cluster: { chain: 'service', map: sets.endpoints },
    local: { chain: 'local', map: sets.localEndpoints },
  },
  rejected: sets.rejected,
  dropped: sets.dropped,
});

const nodePortFront = ({ port, protocol }: PortContext): Front => ({
  key: joined(protocol, port.nodePort),
  match: portAlone,
  verdicts: sets.serviceNodePorts,
  choices: {
    cluster: { chain: 'nodeport', map: sets.nodePortEndpoints },
    local: { chain: 'nodeport-local', map: sets.nodePortLocalEndpoints },
  },
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
