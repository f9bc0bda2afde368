// The twin check: a node does to each packet what kube-proxy would do for the same objects, by whatever rules.
import type { Service } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import { type Answer, answerTo } from '../../../dataplane/cluster/back.ts';
import { type Memory, walkCluster } from '../../../dataplane/cluster/walk.ts';
import type { Way } from '../../../dataplane/cluster/way.ts';
import { casesOf } from '../../../dataplane/node/conditions.ts';
import type { NodeStep, RuleStep } from '../../../dataplane/node/packet.ts';
import { podMachine } from '../../trace/lab.ts';
import { isOutside } from '../access.ts';
import { Unmet } from '../facts.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import { bounded } from '../view/paths.ts';
import type { Place } from '../view/places.ts';
import type { Pair } from '../view/twins.ts';
import type { View } from '../view/view.ts';
import { nodePlace } from './fields.ts';
import { checkKind } from './kind.ts';
import { type Probe, probesOf } from './twin-packets.ts';
import { addressOf, endOf, percent, waysEnglish, waysKorean } from './ways.ts';

const english = {
  ...waysEnglish,
  twinExpected: (on: string) => `${en.where(on)} does to every packet what kube-proxy would do`,
  same: (node: string, packets: number) => `${node}: all ${packets} packets end as with kube-proxy`,
  differ: (node: string, differing: number, all: number, listed: string) =>
    `${node}: ${differing} of ${all} packets do not end as with kube-proxy. ${listed}`,
  packet: (protocol: string, from: string, to: string) => `${protocol} packets from ${from} to ${to}`,
  differs: (packet: string, observed: string, wanted: string) => `${packet}${observed}. With kube-proxy${wanted}`,
  allAre: (end: string) => ` ${end}`,
  allWouldBe: (end: string) => `, they ${end}`,
  parts: (list: string) => `: ${list}`,
  lostAnswers: (end: string, lost: string) => `${end}, but the answers ${lost}`,
  strangeAnswers: (end: string) => `${end}, but the answers come from another address`,
  part: (share: string, end: string) => `${share} ${end}`,
  unknown: (packet: string, end: string) => `${packet} ${end}`,
  extraRule: (rule: string, command: string) => `kube-proxy has no rule ${rule}. \`${command}\` shows the whole way.`,
  returns: (packet: string, own: string, twin: string) =>
    `${packet}: of the clients that come again, ${own} meet the same endpoint. With kube-proxy, ${twin} do`,
  lackingRule: (rule: string, command: string) => `It lacks the rule ${rule}. \`${command}\` shows the whole way.`,
  otherwise: (cause: string, command: string) => `The cause: ${cause}. \`${command}\` shows the whole way.`,
  traced: (command: string) => `\`${command}\` shows the whole way.`,
};

const korean: typeof english = {
  ...waysKorean,
  twinExpected: (on) => `${ko.where(on)}에서 모든 패킷을 kube-proxy와 똑같이 처리`,
  same: (node, packets) => `${node}: 패킷 ${packets}개가 모두 kube-proxy와 같음`,
  differ: (node, differing, all, listed) => `${node}: 패킷 ${all}개 중 ${differing}개가 kube-proxy와 다름. ${listed}`,
  packet: (protocol, from, to) => `${from} → ${to} (${protocol})`,
  differs: (packet, observed, wanted) => `${packet}${observed}. kube-proxy라면${wanted}`,
  allAre: (end) => `: ${end}`,
  allWouldBe: (end) => `: ${end}`,
  parts: (list) => `: ${list}`,
  lostAnswers: (end, lost) => `${end}, 그러나 응답은 ${lost}`,
  strangeAnswers: (end) => `${end}, 그러나 응답이 다른 주소에서 옴`,
  part: (share, end) => `${share} ${end}`,
  unknown: (packet, end) => `${packet} 패킷: ${end}`,
  extraRule: (rule, command) => `kube-proxy에는 없는 규칙: ${rule}. 전체 경로 보기: \`${command}\``,
  returns: (packet, own, twin) =>
    `${packet}: 다시 온 클라이언트의 ${own} 같은 엔드포인트를 만남. kube-proxy라면 ${twin}`,
  lackingRule: (rule, command) => `없는 규칙: ${rule}. 전체 경로 보기: \`${command}\``,
  otherwise: (cause, command) => `원인: ${cause}. 전체 경로 보기: \`${command}\``,
  traced: (command) => `전체 경로 보기: \`${command}\``,
};

export const twinCheck = checkKind({
  type: 'twin',
  summary: 'A node does to every packet what kube-proxy would do for the same objects. No packet is sent.',
  fields: { on: nodePlace },
  words: { en: english, ko: korean },
  expected: ({ on }, say) => say.twinExpected(on),
  judge: ({ on }, view, say) => {
    const nodes = view.places.each(on, (node) => ({ node, pair: view.twins.pair(node.machine) }));
    return nodes.map(({ node, pair }) => judgeNode(node, pair, view, say));
  },
});

interface Difference {
  readonly probe: Probe;
  readonly own: readonly Followed[];
  readonly twin: readonly Followed[];
  /** How many of the clients that come again meet the same endpoint, if not as many as with kube-proxy. */
  readonly returns?: { readonly own: number; readonly twin: number };
}

/** A way, and what becomes of the answer to a packet that somebody answers. */
interface Followed extends Way {
  readonly answer?: Answer;
}

const mostListed = 2;

const judgeNode = (node: Place, pair: Pair, view: View, say: typeof english): Verdict => {
  const probes = probesOf(surroundings(node, pair, view));
  const differences = probes.flatMap((probe) => compare(probe, pair, say) ?? []);
  const [first] = differences;
  if (!first) return { holds: true, observed: say.same(node.label, probes.length) };
  const all = distinct(differences, say);
  const listed = all.slice(0, mostListed).join('. ');
  const more = all.length > mostListed ? ' …' : '';
  return {
    holds: false,
    observed: say.differ(node.label, differences.length, probes.length, `${listed}${more}`),
    hint: causeOf(first, node.machine, say),
  };
};

const surroundings = (node: Place, { own }: Pair, view: View): Parameters<typeof probesOf>[0] => {
  const { all } = view.machines;
  const addresses = (isWanted: (role: (typeof all)[number]['role'], name: string) => boolean) =>
    new Map(
      all
        .filter(({ role, name, address }) => address !== '' && isWanted(role, name))
        .map(({ name, address }) => [name, address]),
    );
  return {
    node: node.machine,
    address: view.machines.addressOf(node.machine) ?? '',
    cluster: view.paths.cluster,
    otherNodes: addresses((role, name) => !isOutside(role) && name !== node.machine),
    clients: addresses(isOutside),
    pods: view.objects.list<Pod>('pod').filter((pod) => !pod.spec.hostNetwork && own.machines.has(podMachine(pod))),
    services: view.objects.list<Service>('service'),
    slices: view.objects.list<EndpointSlice>('endpointslice'),
  };
};

const compare = (probe: Probe, pair: Pair, say: typeof english): Difference | undefined => {
  const own = walk(probe, pair.own);
  const twin = walk(probe, pair.twin);
  // The ports in rules of nft stand for bytes that the model does not know in such packets.
  if (probe.packet.protocol === 'icmp' && twin.some(({ end }) => end.kind === 'unknown')) return undefined;
  // Also with `not`, what nobody knows is no pass.
  const unknown = [...own, ...twin].find(({ end, answer }) => end.kind === 'unknown' || answer?.kind === 'unknown');
  if (unknown)
    throw new Unmet(say.unknown(describeProbe(probe, say), endText(unknown, say)), say.traced(command(probe)));
  // While a limit holds, packets may go another way than beyond it. No case may differ.
  const [ownCases, twinCases] = bounded(() => [casesOf(own), casesOf(twin)]);
  for (const some of ownCases)
    for (const others of twinCases) if (!isAlike(some, others)) return { probe, own: some, twin: others };
  if (!probe.isSticky) return undefined;
  const [mine, theirs] = [returning(probe, pair.own, own), returning(probe, pair.twin, twin)];
  if (isSame(mine.share, theirs.share)) return undefined;
  return { probe, own: mine.again, twin: theirs.again, returns: { own: mine.share, twin: theirs.share } };
};

/** The part of the clients that meet the same endpoint again, and the ways of their second packets. */
const returning = (
  probe: Probe,
  cluster: Pair['own'],
  first: readonly Followed[],
): { readonly share: number; readonly again: readonly Way[] } => {
  const [ways = []] = casesOf(first);
  const all = ways.map((way) => {
    const memory = new Map(way.hops.flatMap(({ machine, remembered }) => (remembered ? [[machine, remembered]] : [])));
    const [again = []] = bounded(() => casesOf(waysOf(probe, cluster, memory)));
    const same = again.filter((each) => addressOf(each) !== '' && addressOf(each) === addressOf(way));
    return { again, share: way.probability * same.reduce((share, { probability }) => share + probability, 0) };
  });
  return { share: all.reduce((sum, { share }) => sum + share, 0), again: all.flatMap(({ again }) => again) };
};

const isAlike = (own: readonly Followed[], twin: readonly Followed[]): boolean => {
  const [is, wanted] = [outcomes(own), outcomes(twin)];
  return [...new Set([...is.keys(), ...wanted.keys()])].every((end) => isSame(is.get(end), wanted.get(end)));
};

/** The shares in rules of iptables have ten digits. */
const isSame = (one = 0, other = 0): boolean => Math.abs(one - other) < 0.001;

const walk = (probe: Probe, cluster: Pair['own']): readonly Followed[] =>
  bounded(() =>
    waysOf(probe, cluster).map((way) =>
      isAnswered(way, probe.entry) ? { ...way, answer: answerTo(cluster, way) } : way,
    ),
  );

/** @param memory what rules of each machine remember of the client */
const waysOf = ({ packet, machine, entry }: Probe, cluster: Pair['own'], memory: Memory = new Map()): readonly Way[] =>
  walkCluster(cluster, packet, { machine, memory, ...(entry ? { entry } : {}) });

/** A packet that comes in by a link has no sender in the model, so nobody knows where its answer should go. */
const isAnswered = ({ end, headers }: Way, entry: Probe['entry']): boolean =>
  entry === undefined &&
  end.kind === 'delivered' &&
  (headers.protocol === 'tcp' || (headers.protocol === 'udp' && end.listening !== false));

/** How a packet ends → with which probability. */
const outcomes = (ways: readonly Followed[]): ReadonlyMap<string, number> => {
  const shares = new Map<string, number>();
  for (const way of ways) shares.set(keyOf(way), (shares.get(keyOf(way)) ?? 0) + way.probability);
  return shares;
};

const keyOf = (way: Followed): string => {
  const { end, headers, answer } = way;
  const what = end.kind === 'delivered' ? [addressOf(way), headers.source] : end.kind === 'rejected' ? [end.with] : [];
  const lost = answer && answer.kind !== 'returns' ? [answer.kind, answer.way.end.kind, answer.way.end.machine] : [];
  return [end.kind, end.machine, ...what, ...lost].join(' ');
};

const endText = (way: Followed, say: typeof english): string => {
  const { answer } = way;
  const end = endOf(say, way);
  if (!answer || answer.kind === 'returns') return end;
  if (answer.kind === 'strange') return say.strangeAnswers(end);
  const { reasons } = answer.kind === 'unknown' ? answer : { reasons: [] };
  const unknown = { kind: 'unknown', machine: answer.way.end.machine, reasons } as const;
  return say.lostAnswers(end, endOf(say, answer.kind === 'unknown' ? { ...answer.way, end: unknown } : answer.way));
};

const describeProbe = ({ from, packet }: Probe, say: typeof english): string => {
  const { destination, destinationPort, protocol = 'tcp' } = packet;
  const to = destinationPort === undefined ? destination : `${destination}:${destinationPort}`;
  return say.packet(protocol.toUpperCase(), from, to);
};

/** Only what is different. */
const describeDifference = ({ probe, own, twin, returns }: Difference, say: typeof english): string => {
  if (returns) return say.returns(describeProbe(probe, say), percent(returns.own), percent(returns.twin));
  const [is, wanted] = [outcomes(own), outcomes(twin)];
  return say.differs(
    describeProbe(probe, say),
    describeWays(own, wanted, { say, all: say.allAre }),
    describeWays(twin, is, { say, all: say.allWouldBe }),
  );
};

const mostEnds = 2;

interface Wording {
  readonly say: typeof english;
  /** For a way that all packets take. */
  readonly all: (end: string) => string;
}

const describeWays = (
  ways: readonly Followed[],
  others: ReadonlyMap<string, number>,
  { say, all }: Wording,
): string => {
  const parts: string[] = [];
  for (const [end, alike] of Map.groupBy(ways, keyOf)) {
    const share = alike.reduce((sum, { probability }) => sum + probability, 0);
    const [way] = alike;
    if (!way || isSame(share, others.get(end))) continue;
    if (share > 0.999) return all(endText(way, say));
    parts.push(say.part(percent(share), endText(way, say)));
  }
  return say.parts(parts.slice(0, mostEnds).join(', ') + (parts.length > mostEnds ? ', …' : ''));
};

/** One for each destination: a rule that drops everything would fill the list with the same line. */
const distinct = (differences: readonly Difference[], say: typeof english): readonly string[] => {
  const to = ({ probe: { packet } }: Difference): string => `${packet.destination} ${packet.destinationPort}`;
  return [...Map.groupBy(differences, to).values()].flatMap(([first]) =>
    first ? [describeDifference(first, say)] : [],
  );
};

/** The first rule of the node that the twin's packet does not meet, or the other way round. */
const causeOf = ({ probe, own, twin, returns }: Difference, node: string, say: typeof english): string => {
  const [met, wanted] = [own, twin].map((ways) => stepsOn(node, ways)) as [NodeStep[], NodeStep[]];
  const decisive = own
    .flatMap((way) => [way.end, ...(way.answer?.kind === 'lost' ? [way.answer.way.end] : [])])
    .find(({ kind, machine }) => machine === node && /dropped|rejected/.test(kind));
  const step = decisive && 'step' in decisive ? decisive.step : undefined;
  const isKnown = (rule: RuleStep): boolean => wanted.some((other) => isRule(other) && other.text === rule.text);
  const rules = met.filter(isRule);
  const lacking = wanted.filter(isRule).find((rule) => !rules.some(({ text }) => text === rule.text));
  // Without the rule that remembers, the packet meets rules that its twin never comes to.
  if (returns && lacking) return say.lackingRule(describeRule(lacking, node), command(probe));
  const extra = step && isRule(step) && !isKnown(step) ? step : rules.find((rule) => !isKnown(rule));
  if (extra) return say.extraRule(describeRule(extra, node), command(probe));
  if (step?.kind === 'policy')
    return say.otherwise(`${step.table} ${step.chain}: policy ${step.effect} (${node})`, command(probe));
  if (step?.kind === 'sysctl') return say.otherwise(`\`${step.name} = ${step.value}\` (${node})`, command(probe));
  return lacking ? say.lackingRule(describeRule(lacking, node), command(probe)) : say.traced(command(probe));
};

const isRule = (step: NodeStep): step is RuleStep => step.kind === 'rule';

const stepsOn = (node: string, ways: readonly Way[]): readonly NodeStep[] =>
  ways.flatMap(({ hops }) => hops.filter(({ machine }) => machine === node).flatMap(({ steps }) => steps));

const describeRule = ({ text, backend, table }: RuleStep, node: string): string =>
  `\`${text}\` (${node}, ${backend}, ${table})`;

const command = ({ from, packet }: Probe): string => {
  const { destination, destinationPort, protocol } = packet;
  const port = destinationPort === undefined ? '' : `:${destinationPort}`;
  return `labs trace ${from} ${destination}${port}${protocol === 'udp' ? ' --udp' : ''}`;
};
