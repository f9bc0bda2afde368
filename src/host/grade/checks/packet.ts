// The `packet` field of the iptables and nftables checks: where do a node's rules send a packet?
import * as z from 'zod';
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import { joinEndpoint, splitEndpoint } from '../../../dataplane/address.ts';
import { TraceLimitError } from '../../../dataplane/node/budget.ts';
import type { Branch, Entry, NodeEnd, NodeStep, SentPacket } from '../../../dataplane/node/packet.ts';
import { sendPacket } from '../../../dataplane/node/send.ts';
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

export const packetSchema = z.strictObject({
  from: z.string().meta({ description: 'A place, or an address.', examples: ['pod/blue', '192.168.56.9'] }),
  to: hostPort,
  protocol: z.enum(['tcp', 'udp']).default('tcp').meta({ description: 'The protocol of the packet.' }),
  lands: oneOrMore(z.string())
    .exactOptional()
    .meta({
      description:
        'All destinations (address:port) that the packet can have in the end. endpoints/[NAMESPACE/]SERVICE stands for the ready endpoints of a service.',
      examples: ['endpoints/web', ['10.244.1.2:80']],
    }),
  fate: z
    .enum(['accepted', 'dropped', 'rejected'])
    .default('accepted')
    .meta({ description: 'What becomes of the packet.' }),
  masquerade: z.boolean().exactOptional().meta({
    description: 'Whether the packet leaves with the address of the node as its source.',
  }),
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
  fate: (fate: Packet['fate']): string => `is ${fate}`,
  unknownFate: (why: string) => `can't be followed by the grader: ${why}`,
  lostFate: (why: string) => `is lost, but not by a rule: ${why}`,
  tooManyWays: () => "has so many ways through the rules that the grader can't follow them",
  keepsDestination: () => 'keeps its destination: no rule changes it',
  source: (masqueraded: boolean): string => (masqueraded ? ', its source masqueraded' : ', its source unchanged'),
  neverArrives: (ends: readonly string[], instead: string) => `never arrives at ${en.listed(ends)}: it ${instead}`,
  noRuleMatches: (node: string) =>
    `No rule on ${node} changes the packet. Does kube-proxy run there, and does the service have endpoints?`,
  decisiveRule: (node: string, rule: string) => `The rule that decides on ${node}: ${rule}`,
  noEndpoints: (service: string) => `${service} has no ready endpoints`,
};

const koreanFates = {
  accepted: '통과함',
  dropped: '버려짐',
  rejected: '거부됨',
} as const;

export const packetKorean: typeof packetEnglish = {
  packetExpected: (on, from, to, end) => `${ko.where(on)}에서, ${from} → ${to} 패킷: ${end}`,
  packetObserved: (node, from, to, end) => `${node}에서, ${from} → ${to} 패킷: ${end}`,
  nodeItself: () => '노드 자신',
  endpointsOf: (service) => `${service}의 엔드포인트`,
  goesTo: (ends) => `${ko.listed(ends)}에 도착`,
  fate: (fate) => koreanFates[fate],
  unknownFate: (why) => `채점기가 따라갈 수 없음: ${why}`,
  lostFate: (why) => `규칙이 아닌 다른 이유로 사라짐: ${why}`,
  tooManyWays: () => '규칙을 지나는 길이 너무 많아 채점기가 따라갈 수 없음',
  keepsDestination: () => '목적지가 그대로임 (목적지를 바꾸는 규칙이 없음)',
  source: (masqueraded) => (masqueraded ? ', 출발지는 노드의 주소로 바뀜' : ', 출발지는 그대로'),
  neverArrives: (ends, instead) => `${ko.listed(ends)}에는 도착하지 않음 (${instead})`,
  noRuleMatches: (node) =>
    `${node}에 이 패킷을 바꾸는 규칙이 없습니다. kube-proxy가 실행 중입니까? 서비스에 엔드포인트가 있습니까?`,
  decisiveRule: (node, rule) => `${node}에서 결과를 정한 규칙: ${rule}`,
  noEndpoints: (service) => `${service}에 준비된 엔드포인트가 없음`,
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
 * Holds when every way that the packet can take through the node ends as expected, and each expected destination is the
 * end of a way. All rules of the node count, whatever their backend. What the model cannot follow never holds.
 * @param list the command that shows the rules
 */
export const judgePacket = (packet: Packet, node: Place, view: View, { say, list }: Telling): Verdict => {
  const from = sourceOf(packet.from, node, view);
  const { to } = packet;
  const lands = packet.lands?.flatMap((end) => (end.startsWith('endpoints/') ? endpointsOf(end, view, say) : [end]));
  const observed = (end: string): string => say.packetObserved(node.label, from, to, end);
  const results = resultsOf({ from, to, protocol: packet.protocol }, node, view);
  if (results === undefined)
    return { holds: false, observed: observed(say.tooManyWays()), hint: lookAt(node, list, say) };
  const wrong = results.find((result) => !isAsExpected(result, packet, lands));
  if (wrong) return { holds: false, observed: observed(resultWords(wrong, to, say)), hint: ruleHint(wrong, node, say) };
  const all = say.listed([...new Set(results.map((result) => resultWords(result, to, say)))]);
  const unreached = (lands ?? []).filter((end) => !results.some((result) => result.lands === end));
  if (unreached.length === 0) return { holds: true, observed: observed(all) };
  return {
    holds: false,
    observed: observed(say.neverArrives(unreached, all)),
    hint: lookAt(node, `${list} | grep ${splitEndpoint(to).address}`, say),
  };
};

interface Telling {
  readonly say: Say;
  readonly list: string;
}

type Fate = Packet['fate'] | 'lost' | 'unknown';

/** What becomes of the packet on one way. */
interface Result {
  readonly fate: Fate;
  /** `address:port` as the packet leaves the node. */
  readonly lands: string;
  readonly masqueraded: boolean;
  /** The last rule that changed the destination, dropped or rejected the packet. */
  readonly decisive: NodeStep | undefined;
  /** Why the packet is lost, or cannot be followed. */
  readonly why: string;
}

type Ends = Pick<Packet, 'from' | 'to' | 'protocol'>;

/** Undefined when the packet has more ways than can be followed. */
const resultsOf = ({ from, to, protocol }: Ends, node: Place, view: View): readonly Result[] | undefined => {
  const { model, linkTo, isLocal } = view.paths.alone(node);
  const source = splitEndpoint(from);
  const destination = splitEndpoint(to);
  const packet: SentPacket = {
    ...{ source: source.address, destination: destination.address, protocol },
    ...(source.port === undefined ? {} : { sourcePort: source.port }),
    ...(destination.port === undefined ? {} : { destinationPort: destination.port }),
  };
  const entry: Entry = isLocal(source.address)
    ? { kind: 'process' }
    : { kind: 'link', link: linkTo(source.address) ?? 'eth0' };
  try {
    return sendPacket(model, packet, entry).map(resultOf);
  } catch (error) {
    if (error instanceof TraceLimitError) return undefined;
    throw error;
  }
};

const resultOf = ({ end, headers, steps }: Branch): Result => {
  const last = steps.findLast((step) => step.kind === 'rule' && /^(DNAT|redirect)\b/i.test(step.effect));
  const step = end.kind === 'dropped' || end.kind === 'rejected' ? end.step : undefined;
  return {
    ...fateOf(end),
    lands: joinEndpoint(headers.destination, headers.destinationPort),
    masqueraded: steps.some((each) => each.kind === 'rule' && /^(masquerade|SNAT) to/i.test(each.effect)),
    decisive: step ?? last,
  };
};

/** A parameter or a route that loses the packet is none of the rules that the check asks for. */
const fateOf = (end: NodeEnd): Pick<Result, 'fate' | 'why'> => {
  switch (end.kind) {
    case 'leaves':
    case 'delivered':
      return { fate: 'accepted', why: '' };
    case 'dropped':
    case 'rejected': {
      const isByRule = end.step?.kind === 'rule' || end.step?.kind === 'policy';
      return { fate: isByRule ? end.kind : 'lost', why: end.by };
    }
    case 'unroutable':
      return { fate: 'lost', why: end.by };
    case 'unknown':
      return { fate: 'unknown', why: end.reasons.join('; ') };
  }
};

const isAsExpected = (result: Result, { fate, masquerade }: Packet, lands: readonly string[] | undefined): boolean =>
  result.fate === fate &&
  (lands === undefined || lands.includes(result.lands)) &&
  (masquerade === undefined || result.masqueraded === masquerade);

/** The source address of the packet. `node/*` means the node under check. */
const sourceOf = (from: string, node: Place, { facts, machines, places }: View): string => {
  if (/^[\d.]+(:\d+)?$/.test(from)) return from;
  const place = from === 'node/*' ? node : places.one(from);
  if (place.netns === undefined) return place.podIp ?? machines.addressOf(place.machine) ?? '';
  const { links = [] } = facts.at(place, 'links');
  const addresses = links.flatMap((link) => link.addresses).filter(({ family }) => family === 'inet');
  return addresses.find(({ address }) => !address.startsWith('127.'))?.address ?? '';
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
  if (found.length > 0) return [...new Set(found)];
  const service = describeReference(reference.replace(/^endpoints/, 'service'), say);
  throw new Unmet(say.noEndpoints(service), say.selectorHint());
};

const resultWords = ({ fate, lands, masqueraded, why }: Result, to: string, say: Say): string => {
  if (fate === 'accepted')
    return `${lands === to ? say.keepsDestination() : say.goesTo([lands])}${masqueraded ? say.source(true) : ''}`;
  if (fate === 'unknown') return say.unknownFate(brief(why, 160));
  return fate === 'lost' ? say.lostFate(brief(why, 160)) : say.fate(fate);
};

const ruleHint = ({ fate, decisive }: Result, node: Place, say: Say): string => {
  if (decisive?.kind === 'rule') {
    const { backend, table, text } = decisive;
    return say.decisiveRule(node.label, `${brief(text, 200)} (${backend}, ${table})`);
  }
  if (decisive?.kind === 'policy')
    return say.decisiveRule(
      node.label,
      `${decisive.chain}: policy ${decisive.effect} (${decisive.backend}, ${decisive.table})`,
    );
  return fate === 'accepted' ? say.noRuleMatches(node.label) : lookAt(node, 'sysctl net.ipv4; ip route', say);
};
