// The policy check: network policies allow or deny traffic, by what the objects in the API mean. No packet is sent,
// because nothing in a lab enforces policies.
import * as z from 'zod';
import type { Namespace } from '../../../api/core.ts';
import { judgeTraffic, namedPort, type PolicyEnd, type PolicySide } from '../../../api/network-policies.ts';
import type { NetworkPolicy } from '../../../api/networking.ts';
import { Unmet } from '../facts.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import type { View } from '../view/view.ts';
import { oneOrMore, place } from './fields.ts';
import { checkKind } from './kind.ts';

const expectations = ['allowed', 'denied'] as const;
type Expectation = (typeof expectations)[number];
type Direction = PolicySide['type'];

const english = {
  policyExpected: (from: string, to: string, port: string, expect: Expectation) =>
    `the network policies ${expect === 'allowed' ? 'allow' : 'deny'} traffic from ${from} to ${to}, port ${port}`,
  policyObserved: (from: string, to: string, port: string, isAllowed: boolean, why: string) =>
    `${from} → ${to}, port ${port}: ${isAllowed ? 'allowed' : 'denied'}. ${why}`,
  itself: () => 'A pod always reaches itself',
  ownNode: () => 'A node always reaches its own pods',
  noPods: () => 'Policies are about pods with addresses of their own, not about machines',
  notIsolated: (place: string, direction: Direction) => `No policy isolates ${place} for ${direction.toLowerCase()}`,
  allows: (policy: string, direction: Direction) => `${policy} allows it (${direction.toLowerCase()})`,
  isolated: (place: string, direction: Direction, policies: readonly string[]) =>
    `${place} is isolated for ${direction.toLowerCase()} by ${en.listed(policies)}, and no rule there allows this`,
  noPort: (pod: string, name: string) => `${pod} has no port called ${name}`,
  policyHint: (namespace: string) => `kubectl describe networkpolicies -n ${namespace}`,
  allHint: () => 'kubectl get networkpolicies -A',
};

const korean: typeof english = {
  policyExpected: (from, to, port, expect) =>
    `네트워크 정책이 ${from} → ${to} (포트 ${port}) 트래픽을 ${expect === 'allowed' ? '허용' : '차단'}`,
  policyObserved: (from, to, port, isAllowed, why) =>
    `${from} → ${to} (포트 ${port}): ${isAllowed ? '허용' : '차단'}. ${why}`,
  itself: () => '파드는 언제나 자신에게 연결할 수 있음',
  ownNode: () => '노드는 언제나 자신의 파드에 연결할 수 있음',
  noPods: () => '정책은 머신이 아니라 고유한 주소가 있는 파드에 적용됨',
  notIsolated: (place, direction) => `${place}의 ${direction} 방향을 격리하는 정책이 없음`,
  allows: (policy, direction) => `${policy} 정책이 허용 (${direction})`,
  isolated: (place, direction, policies) =>
    `${place}의 ${direction} 방향이 격리되었고 허용하는 규칙이 없음 (정책: ${ko.listed(policies)})`,
  noPort: (pod, name) => `${pod}에 이름이 ${name}인 포트가 없음`,
  policyHint: (namespace) => `kubectl describe networkpolicies -n ${namespace}`,
  allHint: () => 'kubectl get networkpolicies -A',
};

type Say = Phrases & typeof english;

export const policyCheck = checkKind({
  type: 'policy',
  summary: 'Network policies allow or deny traffic, by what they mean. Nothing in a lab enforces them.',
  fields: {
    from: oneOrMore(place).meta({ description: 'The senders.', examples: ['pod/shop/app=web'] }),
    to: oneOrMore(place).meta({ description: 'The receivers.', examples: ['pod/shop/db'] }),
    port: z.union([z.int().min(1).max(65_535), z.string()]).meta({
      description: 'Of the destination itself, not of a service: a number, or the name of a port of the pod.',
      examples: [3306],
    }),
    protocol: z.enum(['tcp', 'udp', 'sctp']).default('tcp').meta({ description: 'The protocol of the traffic.' }),
    expect: z.enum(expectations).default('allowed').meta({ description: 'What the policies should do.' }),
  },
  words: { en: english, ko: korean },
  expected: ({ from, to, port, protocol, expect }, say) => {
    const { where, listed } = say.language === 'ko' ? ko : en;
    return say.policyExpected(listed(from.map(where)), listed(to.map(where)), `${port}/${protocol}`, expect);
  },
  judge(check, view, say) {
    const [senders, receivers] = [check.from, check.to].map((references) =>
      references.flatMap((reference) => view.places.each(reference, (each) => each)),
    );
    return (senders ?? []).flatMap((from) =>
      (receivers ?? []).map((to) => judgePair({ ...check, from, to }, view, say)),
    );
  },
});

interface Pair {
  readonly from: Place;
  readonly to: Place;
  readonly port: number | string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly expect: Expectation;
}

const judgePair = ({ from, to, port: written, protocol: used, expect }: Pair, view: View, say: Say): Verdict => {
  const policies = view.objects.list<NetworkPolicy>('networkpolicy');
  const protocol = ({ tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const)[used];
  const port = numberOf(written, to, protocol, say);
  const [sender, receiver] = [endOf(from, view), endOf(to, view)];
  const { isAllowed, always, sides } = judgeTraffic(policies, { from: sender, to: receiver, protocol, port });
  const denying = sides.find((side) => !side.isAllowed);
  const why = always
    ? say[always]()
    : (denying ? [denying] : sides)
        .filter(({ type }) => (type === 'Egress' ? sender : receiver).pod)
        .map((side) => reasonOf(side, side.type === 'Egress' ? from.label : to.label, say))
        .join('. ') || say.noPods();
  const [policy] = denying?.isolating ?? [];
  return {
    holds: isAllowed === (expect === 'allowed'),
    observed: say.policyObserved(from.label, to.label, `${written}/${used}`, isAllowed, why),
    hint: policy ? say.policyHint(policy.metadata.namespace ?? 'default') : say.allHint(),
  };
};

const numberOf = (port: number | string, { pod, label }: Place, protocol: string, say: Say): number => {
  const number = typeof port === 'number' || /^\d+$/.test(port) ? Number(port) : pod && namedPort(pod, port, protocol);
  if (number === undefined) throw new Unmet(say.noPort(label, String(port)));
  return number;
};

/** A pod in the network of its node has no address of its own, so it counts as the node. */
const endOf = ({ machine, podIp, pod }: Place, { machines, objects }: View): PolicyEnd => {
  if (!pod || podIp === undefined) return { address: machines.addressOf(machine) ?? '', node: machine };
  const namespace = objects
    .list<Namespace>('namespace')
    .find(({ metadata }) => metadata.name === pod.metadata.namespace);
  return { address: podIp, node: machine, pod, namespaceLabels: namespace?.metadata.labels ?? {} };
};

const reasonOf = ({ type, isolating, allowing }: PolicySide, place: string, say: Say): string => {
  if (isolating.length === 0) return say.notIsolated(place, type);
  return allowing ? say.allows(nameOf(allowing), type) : say.isolated(place, type, isolating.map(nameOf));
};

const nameOf = ({ metadata: { name, namespace = 'default' } }: NetworkPolicy): string =>
  namespace === 'default' ? name : `${namespace}/${name}`;
