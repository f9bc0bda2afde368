// The `packet` field of the iptables check: where do a node's rules send a packet?
import * as z from 'zod';
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import type { RouteFact } from '../../../api/facts.ts';
import { networkContains } from '../../../api/ip.ts';
import { splitEndpoint } from '../../../dataplane/address.ts';
import type { TargetKind } from '../../../dataplane/model.ts';
import type { PacketTrace, Packet as TracedPacket, TraceOptions } from '../../../dataplane/packet.ts';
import { renderRule } from '../../../dataplane/render.ts';
import { TraceLimitError, trace } from '../../../dataplane/trace.ts';
import { Unmet } from '../facts.ts';
import { brief } from '../match.ts';
import { describeReference, parseReference } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import type { View } from '../view/view.ts';
import { hostPort, oneOrMore } from './fields.ts';
import { lookAt } from './look.ts';
import { rulesOf } from './rules.ts';

export const packetSchema = z.strictObject({
  from: z.string().meta({ description: 'A place, or an address.' }),
  to: hostPort,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  lands: oneOrMore(z.string()).exactOptional().meta({
    description:
      'All destinations (address:port) that the packet can have in the end. endpoints/[NAMESPACE/]SERVICE stands for the ready endpoints of a service.',
  }),
  fate: z.enum(['accepted', 'dropped', 'rejected']).default('accepted'),
  masquerade: z.boolean().exactOptional(),
});

type Packet = z.output<typeof packetSchema>;

export const packetEnglish = {
  packetExpected: (on: string, from: string, to: string, end: string) =>
    `on ${en.where(on)}, a packet from ${from} to ${to} ${end}`,
  packetObserved: (node: string, from: string, to: string, end: string) =>
    `on ${node}, a packet from ${from} to ${to} ${end}`,
  nodeItself: () => 'the node itself',
  endpointsOf: (service: string) => `the endpoints of ${service}`,
  goesTo: (ends: readonly string[]) => `goes to ${en.listed(ends)}`,
  fate: (fate: PacketTrace['fate']): string =>
    fate === 'unknown' ? "meets a rule that the grader can't follow" : `is ${fate}`,
  perhaps: (end: string, rule: string) => `${end}, or not: the grader can't judge "${rule}"`,
  tooManyWays: () => "has so many ways through the rules that the grader can't follow them",
  keepsDestination: () => 'keeps its destination: no rule changes it',
  source: (masqueraded: boolean): string => (masqueraded ? ', its source masqueraded' : ', its source unchanged'),
  neverArrives: (ends: readonly string[], instead: string) => `never arrives at ${en.listed(ends)}: it ${instead}`,
  noRuleMatches: (node: string) =>
    `No rule on ${node} changes the packet. Does kube-proxy run there, and does the service have endpoints?`,
  decisiveRule: (node: string, rule: string) => `The rule that decides on ${node}: ${rule}`,
  noEndpoints: (service: string) => `${service} has no ready endpoints`,
  selectorHint: () => 'Does its selector match the labels of pods that are ready?',
};

const koreanFates = {
  accepted: '통과함',
  dropped: '버려짐',
  rejected: '거부됨',
  unknown: '채점기가 따라갈 수 없는 규칙을 만남',
} as const;

export const packetKorean: typeof packetEnglish = {
  packetExpected: (on, from, to, end) => `${ko.where(on)}에서, ${from} → ${to} 패킷: ${end}`,
  packetObserved: (node, from, to, end) => `${node}에서, ${from} → ${to} 패킷: ${end}`,
  nodeItself: () => '노드 자신',
  endpointsOf: (service) => `${service}의 엔드포인트`,
  goesTo: (ends) => `${ko.listed(ends)}에 도착`,
  fate: (fate) => koreanFates[fate],
  perhaps: (end, rule) => `${end}, 또는 아님 (채점기가 판단할 수 없는 규칙: "${rule}")`,
  tooManyWays: () => '규칙을 지나는 길이 너무 많아 채점기가 따라갈 수 없음',
  keepsDestination: () => '목적지가 그대로임 (목적지를 바꾸는 규칙이 없음)',
  source: (masqueraded) => (masqueraded ? ', 출발지는 노드의 주소로 바뀜' : ', 출발지는 그대로'),
  neverArrives: (ends, instead) => `${ko.listed(ends)}에는 도착하지 않음 (${instead})`,
  noRuleMatches: (node) =>
    `${node}에 이 패킷을 바꾸는 규칙이 없습니다. kube-proxy가 실행 중입니까? 서비스에 엔드포인트가 있습니까?`,
  decisiveRule: (node, rule) => `${node}에서 결과를 정한 규칙: ${rule}`,
  noEndpoints: (service) => `${service}에 준비된 엔드포인트가 없음`,
  selectorHint: () => '셀렉터가 준비된 파드의 레이블과 일치합니까?',
};

type Say = Phrases & typeof packetEnglish;

/** What the check expects of the packet, as a phrase. */
export const packetExpected = (on: string, { from, to, lands, fate, masquerade }: Packet, say: Say): string => {
  const isPlace = from.includes('/') && !from.includes('${');
  const source = from === 'node/*' ? say.nodeItself() : isPlace ? say.where(from) : from;
  const ends = lands?.map((end) => describeEnd(end, say));
  const end = ends ? say.goesTo(ends) : say.fate(fate);
  return say.packetExpected(on, source, to, `${end}${masquerade === undefined ? '' : say.source(masquerade)}`);
};

/** `address:port`, or the endpoints of a service, as a phrase. */
export const describeEnd = (end: string, say: Say): string =>
  end.startsWith('endpoints/') ? say.endpointsOf(describeReference(end.replace(/^endpoints/, 'service'), say)) : end;

/** The endpoints that an item of `lands` stands for. @throws Unmet */
export const endsOf = (end: string, view: View, say: Say): readonly string[] =>
  end.startsWith('endpoints/') ? endpointsOf(end, view, say) : [end];

/**
 * Holds when every path that the packet can take ends as expected, and each expected destination is the end of a path
 * that it surely can take. What the grader cannot follow never holds.
 */
export const judgePacket = (packet: Packet, node: Place, view: View, say: Say): Verdict => {
  const from = sourceOf(packet.from, node, view);
  const { to } = packet;
  const lands = packet.lands?.flatMap((end) => (end.startsWith('endpoints/') ? endpointsOf(end, view, say) : [end]));
  const observed = (end: string): string => say.packetObserved(node.label, from, to, end);
  const traces = tracesOf({ from, to, protocol: packet.protocol }, node, view, say);
  if (traces === undefined)
    return { holds: false, observed: observed(say.tooManyWays()), hint: lookAt(node, 'iptables-save', say) };
  const wrong = traces.find((result) => !isAsExpected(result, packet, lands));
  if (wrong) return { holds: false, observed: observed(resultWords(wrong, to, say)), hint: ruleHint(wrong, node, say) };
  const all = say.listed([...new Set(traces.map((result) => resultWords(result, to, say)))]);
  const unreached = (lands ?? []).filter(
    (end) => !traces.some((result) => result.lands === end && result.unsure.length === 0),
  );
  if (unreached.length === 0) return { holds: true, observed: observed(all) };
  return {
    holds: false,
    observed: observed(say.neverArrives(unreached, all)),
    hint: lookAt(node, `iptables-save -t nat | grep ${to.split(':')[0]}`, say),
  };
};

type Ends = Pick<TracedPacket, 'from' | 'to'> & { readonly protocol: 'tcp' | 'udp' };

/** Undefined when the packet has more paths than can be followed. */
const tracesOf = (packet: Ends, node: Place, view: View, say: Say): PacketTrace[] | undefined => {
  const { links = [], routes = [] } = view.facts.at(node, 'links', 'routes');
  const localAddresses = links.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  const device = (address: string): string | undefined => deviceTo(address, routes);
  const inInterface = device(splitEndpoint(packet.from).address);
  const options: TraceOptions = { localAddresses, outInterface: device, recent: listsOfKubeProxy };
  try {
    const traces = trace(rulesOf(node, view, say), { ...packet, ...(inInterface ? { inInterface } : {}) }, options);
    return traces.filter(({ probability }) => probability > 0);
  } catch (error) {
    if (error instanceof TraceLimitError) return undefined;
    throw error;
  }
};

/** The interface of the longest matching route, as the kernel chooses it. Only the main table is known. */
const deviceTo = (address: string, routes: readonly RouteFact[]): string | undefined =>
  routes
    .map(({ destination, device }) => ({
      device,
      network: destination === 'default' ? '0.0.0.0/0' : destination.includes('/') ? destination : `${destination}/32`,
    }))
    .filter(({ network }) => networkContains(network, address))
    .toSorted((one, other) => prefixOf(other.network) - prefixOf(one.network))[0]?.device;

const prefixOf = (network: string): number => Number(network.split('/')[1]);

/** kube-proxy remembers clients in lists of its own. Here, the packet is the first one of its client. */
const listsOfKubeProxy = (list: string): readonly string[] | undefined =>
  list.startsWith('KUBE-SEP-') ? [] : undefined;

const isAsExpected = (
  result: PacketTrace,
  { fate, masquerade }: Packet,
  lands: readonly string[] | undefined,
): boolean =>
  result.fate === fate &&
  (lands === undefined || lands.includes(result.lands)) &&
  (masquerade === undefined || result.masq === masquerade);

/** The source address of the packet. `node/*` means the node under check. */
const sourceOf = (from: string, node: Place, { machines, places }: View): string => {
  if (/^[\d.]+(:\d+)?$/.test(from)) return from;
  const place = from === 'node/*' ? node : places.one(from);
  return place.podIp ?? machines.addressOf(place.machine) ?? '';
};

/** The ready endpoints of a service, `address:port`, from its EndpointSlices. */
const endpointsOf = (reference: string, { objects }: View, say: Say): readonly string[] => {
  const { namespace, name } = parseReference(reference);
  objects.get(`service/${namespace}/${name}`);
  const found = objects
    .list<EndpointSlice>('endpointslice')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[serviceNameLabel] === name)
    .flatMap(({ endpoints, ports }) =>
      endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => (ports ?? []).map(({ port }) => `${addresses[0]}:${port}`)),
    );
  if (found.length > 0) return found;
  const service = describeReference(reference.replace(/^endpoints/, 'service'), say);
  throw new Unmet(say.noEndpoints(service), say.selectorHint());
};

const resultWords = (result: PacketTrace, to: string, say: Say): string => {
  const { fate, lands, masq, unsure } = result;
  const end =
    fate === 'accepted'
      ? `${lands === to ? say.keepsDestination() : say.goesTo([lands])}${masq ? say.source(true) : ''}`
      : say.fate(fate);
  const [rule] = unsure;
  return rule === undefined ? end : say.perhaps(end, brief(rule, 160));
};

/** Names the last rule that changed the destination, dropped or rejected the packet. */
const ruleHint = ({ path }: PacketTrace, node: Place, say: Say): string => {
  const decisive = path.findLast(({ rule }) => rule.target !== undefined && decisiveTargets.has(rule.target.kind));
  if (!decisive) return say.noRuleMatches(node.label);
  return say.decisiveRule(node.label, brief(renderRule(decisive.rule), 200));
};

const decisiveTargets: ReadonlySet<TargetKind> = new Set(['dnat', 'redirect', 'drop', 'reject']);
