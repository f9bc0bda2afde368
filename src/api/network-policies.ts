// What network policies mean: whether they allow traffic between two places. No part of labs enforces them; checks of
// the type `policy` judge them.
import type { Pod } from './core-pods.ts';
import { networkContains } from './ip.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, PolicyType } from './networking.ts';
import { type Labels, matchesSelector } from './selectors.ts';

/** One end of the traffic. */
export interface PolicyEnd {
  readonly address: string;
  /** The machine, or the node on which the pod runs. */
  readonly node: string;
  /** A pod with an address of its own. With hostNetwork, a pod is no more than its node. */
  readonly pod?: Pod;
  /** Of the pod's namespace. */
  readonly namespaceLabels?: Labels;
}

export interface PolicyTraffic {
  readonly from: PolicyEnd;
  readonly to: PolicyEnd;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Of the destination, after the address of a service was translated. */
  readonly port: number;
}

/** What the policies say in one direction. */
export interface PolicySide {
  readonly type: PolicyType;
  readonly isAllowed: boolean;
  /** They isolate the pod in this direction. Empty: everything is allowed. */
  readonly isolating: readonly NetworkPolicy[];
  /** One of them has a rule for this traffic. */
  readonly allowing?: NetworkPolicy;
}

export interface PolicyVerdict {
  readonly isAllowed: boolean;
  /** The reason where policies do not matter: a pod reaches itself, and a node its own pods. */
  readonly always?: 'itself' | 'ownNode';
  readonly sides: readonly PolicySide[];
}

/** Policies only allow, so one rule that fits is enough. Both the sender's and the receiver's policies must allow. */
export const judgeTraffic = (policies: readonly NetworkPolicy[], traffic: PolicyTraffic): PolicyVerdict => {
  const { from, to } = traffic;
  if (from.pod && to.pod && from.pod.metadata.uid === to.pod.metadata.uid && from.address === to.address)
    return { isAllowed: true, always: 'itself', sides: [] };
  if (!from.pod && to.pod && from.node === to.node) return { isAllowed: true, always: 'ownNode', sides: [] };
  const sides = [judgeSide(policies, traffic, 'Egress'), judgeSide(policies, traffic, 'Ingress')];
  return { isAllowed: sides.every(({ isAllowed }) => isAllowed), sides };
};

const judgeSide = (policies: readonly NetworkPolicy[], traffic: PolicyTraffic, type: PolicyType): PolicySide => {
  const [own, other] = type === 'Egress' ? [traffic.from, traffic.to] : [traffic.to, traffic.from];
  const { pod } = own;
  const isolating = pod
    ? policies.filter((policy) => policyTypesOf(policy).includes(type) && selects(policy, pod))
    : [];
  const allowing = isolating.find((policy) =>
    rulesOf(policy, type).some(
      ({ peers, ports }) =>
        (peers.length === 0 || peers.some((peer) => isPeer(peer, policy, other))) &&
        (ports.length === 0 || ports.some((port) => isPortAllowed(port, traffic))),
    ),
  );
  const isAllowed = isolating.length === 0 || allowing !== undefined;
  return { type, isAllowed, isolating, ...(allowing ? { allowing } : {}) };
};

/** The API server writes the default into each policy: ingress always, egress if there are egress rules. */
export const policyTypesOf = ({ spec }: NetworkPolicy): readonly PolicyType[] => {
  const { policyTypes = [], egress = [] } = spec ?? {};
  if (policyTypes.length > 0) return policyTypes;
  return egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
};

const selects = ({ metadata, spec }: NetworkPolicy, pod: Pod): boolean =>
  metadata.namespace === pod.metadata.namespace && matchesSelector(spec?.podSelector ?? {}, pod.metadata.labels);

interface Rule {
  /** Empty: all. */
  readonly peers: readonly NetworkPolicyPeer[];
  /** Empty: all. */
  readonly ports: readonly NetworkPolicyPort[];
}

const rulesOf = ({ spec }: NetworkPolicy, type: PolicyType): readonly Rule[] =>
  type === 'Ingress'
    ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] }))
    : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }));

const isPeer = (
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  { metadata }: NetworkPolicy,
  { address, pod, namespaceLabels }: PolicyEnd,
): boolean => {
  if (ipBlock) {
    const { cidr, except = [] } = ipBlock;
    return networkContains(cidr, address) && !except.some((network) => networkContains(network, address));
  }
  if (!pod || (!podSelector && !namespaceSelector)) return false;
  const isInNamespace = namespaceSelector
    ? matchesSelector(namespaceSelector, namespaceLabels)
    : pod.metadata.namespace === metadata.namespace;
  return isInNamespace && matchesSelector(podSelector ?? {}, pod.metadata.labels);
};

const isPortAllowed = (
  { protocol = 'TCP', port, endPort }: NetworkPolicyPort,
  { to, protocol: used, port: number }: PolicyTraffic,
): boolean => {
  if (protocol !== used) return false;
  if (port === undefined) return true;
  const first = typeof port === 'number' ? port : to.pod && namedPort(to.pod, port, used);
  return first !== undefined && number >= first && number <= (typeof port === 'number' ? (endPort ?? first) : first);
};

/** The number of a named port of a pod's containers. */
export const namedPort = ({ spec }: Pod, name: string, protocol: string): number | undefined =>
  spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((each) => each.name === name && (each.protocol ?? 'TCP') === protocol)?.containerPort;
