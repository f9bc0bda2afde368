// Builds the items that one service port and its endpoints need in the table. Pure.
//
//   service-ips       address . protocol . port ─▶ service-tcp-3: endpoints-tcp[address . port . random of 3] ─▶ DNAT
//                                               ─▶ external-…: masquerade or keep the client's address; then as above
//   service-nodeports           protocol . port ─▶ external-nodeport-tcp-3 ─▶ nodeport-tcp-3: nodeport-endpoints-…[…]
//
// There is one chain for each *number* of endpoints, not for each service. Services and endpoints are map elements,
// which the kernel adds and removes without evaluating any rule again.
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

/** A destination that clients use: an address and port, or a node port. */
interface Frontend {
  readonly key: string;
  readonly verdicts: SetName;
  /** For each traffic policy, the chain and the map with its endpoints. */
  readonly choices: Readonly<Record<Policy, { readonly chain: string; readonly map: ChoiceMap }>>;
  readonly choiceKey: string;
  readonly choiceMatch: string;
  readonly rejected: SetName;
  readonly dropped: SetName;
}

/** A chain that chooses one of several endpoints, and the items that the chain needs. */
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
    ...externalFrontends(context).flatMap((frontend) => buildExternal(context, frontend)),
    ...buildFirewall(context),
  ];
};

const longestComment = 127;

const nftProtocols: Readonly<Record<Protocol, NftProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** Only pods of this node: another node handles its own pods' connections to themselves. */
const hairpins = ({ endpoints, protocol }: PortContext): Element[] =>
  endpoints.reachable
    .filter(({ local }) => local)
    .map(({ ip, port }) => ({ kind: 'element', set: sets.hairpin, key: joined(ip, ip, protocol, port) }));

const buildInternal = (context: PortContext): Item[] => {
  const { port } = context;
  const frontend = addressFrontend(context, port.clusterIp);
  // A cluster IP uses only one list of endpoints. The policy says which one.
  const choice = chooseOne(context, frontend, 'cluster', port.internalPolicyLocal ? 'local' : 'cluster');
  return choice ? [lead(context, frontend, choice.chain), ...choice.items] : [refuse(context, frontend)];
};

const externalFrontends = (context: PortContext): Frontend[] => {
  const { port } = context;
  const addresses = new Set([...port.externalIps, ...port.loadBalancerIps]);
  return [
    ...[...addresses].map((address) => addressFrontend(context, address)),
    ...(port.nodePort === 0 ? [] : [nodePortFrontend(context)]),
  ];
};

const buildExternal = (context: PortContext, frontend: Frontend): Item[] => {
  const { port, options, endpoints } = context;
  if (!endpoints.any) return [refuse(context, frontend)];
  const cluster = chooseOne(context, frontend, 'cluster', 'cluster');
  const mark = markRule(options.masqueradeMark);
  const go = (choice: Choice | undefined, match = ''): string[] => (choice ? [`${match}goto ${choice.chain}`] : []);
  if (!port.externalPolicyLocal) {
    const name = `external-${cluster?.chain ?? 'none'}`;
    const chain: Chain = { kind: 'chain', name, rules: [mark, ...go(cluster)] };
    return [lead(context, frontend, name), chain, ...(cluster?.items ?? [])];
  }
  const local = chooseOne(context, frontend, 'local', 'local');
  const name = `external-${cluster?.chain ?? 'none'}-${local?.chain ?? 'none'}`;
  // Pods of this node and the node itself may use all endpoints, as if their packets came back from the load balancer.
  const rules = [
    ...(options.local ? go(cluster, `${localRule(options.local, words[options.family], '')} `) : []),
    `fib saddr type local ${mark}`,
    ...go(cluster, 'fib saddr type local '),
    ...go(local),
  ];
  return [
    lead(context, frontend, name),
    { kind: 'chain', name, rules },
    ...(cluster?.items ?? []),
    ...(local?.items ?? [refuse(context, frontend)]),
  ];
};

/** @param place the map of the frontend that holds the endpoints @returns undefined if there is no endpoint */
const chooseOne = (context: PortContext, frontend: Frontend, place: Policy, policy: Policy): Choice | undefined => {
  const endpoints = context.endpoints[policy];
  if (endpoints.length === 0) return undefined;
  if (context.port.affinitySeconds !== undefined) return buildAffinity(context, policy, context.port.affinitySeconds);
  const { chain, map } = frontend.choices[place];
  const name = `${chain}-${endpoints.length}`;
  const { ip } = words[context.options.family];
  const rule = `dnat ${ip} to ${frontend.choiceMatch} . numgen random mod ${endpoints.length} map @${map}`;
  const elements = endpoints.map(
    (endpoint, index): Element => ({
      ...{ kind: 'element', set: map },
      key: joined(frontend.choiceKey, index),
      value: joined(endpoint.ip, endpoint.port),
    }),
  );
  return { chain: name, items: [{ kind: 'chain', name, rules: [rule] }, ...elements] };
};

const addressFrontend = ({ port, options, protocol }: PortContext, address: string): Frontend => ({
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

const nodePortFrontend = ({ port, protocol }: PortContext): Frontend => ({
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

/** `join` makes a flat string. A template string would keep its parts in memory, for up to 100,000 keys. */
const joined = (...parts: readonly (string | number)[]): string => parts.join(' . ');

const lead = ({ comment }: PortContext, { key, verdicts }: Frontend, chain: string): Element => ({
  ...{ kind: 'element', set: verdicts, key, comment },
  value: `goto ${chain}`,
});

const refuse = ({ comment, endpoints }: PortContext, { key, rejected, dropped }: Frontend): Element => ({
  ...{ kind: 'element', key, comment },
  set: endpoints.any ? dropped : rejected,
});
