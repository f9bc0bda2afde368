// The change check: after a change of the cluster, packets soon go where they should, and few requests fail meanwhile.
import * as z from 'zod';
import type { Pod } from '../../../api/core-pods.ts';
import { parseGoDuration } from '../../../kit/duration.ts';
import {
  type ChangeAction,
  type ChangeRequest,
  changeActions,
  type DuringRequest,
  nodeGraceMs,
  type TrafficCounts,
} from '../change/types.ts';
import { Unmet } from '../facts.ts';
import { describeReference } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import type { Target } from '../view/paths.ts';
import type { View } from '../view/view.ts';
import { duration, hostPort, httpStatus, match, place, url, zeroOrMore } from './fields.ts';
import { checkKind, type Mistake } from './kind.ts';

const english = {
  changeExpected: (action: ChangeAction, object: string, from: string, to: string, seconds: number) =>
    `within ${seconds} s after ${actionsEn[action](object)}, packets from ${en.where(from)} to ${to} reach every ready endpoint`,
  noService: (to: string) => `no service has ${to}`,
  noReadyEndpoint: (to: string) => `${to} has no ready endpoint`,
  fewFailures: (most: number) => `at most ${most} requests fail meanwhile`,
  converged: (seconds: string, failed: number, sent: number) =>
    `after ${seconds} s; ${failed} of ${sent} requests failed`,
  notAsBefore: (problem: string) => `after the change, the cluster is not as before: ${problem}`,
  notConverged: (seen: string) => `packets still do not go where they should: ${seen}`,
  firstFailure: (why: string) => `The first request failed because: ${why}`,
  meanwhile: (from: string, to: string, most: number) =>
    `meanwhile, at most ${most} requests from ${en.where(from)} to ${to} fail`,
  meanwhileSeen: (from: string, to: string, failed: number, sent: number) =>
    `${failed} of ${sent} requests from ${en.where(from)} to ${to} failed meanwhile`,
  sendsItself: (from: string, node: string) =>
    `${en.where(from)} is on ${node}, so it cannot send while ${node} is away`,
  sendsItselfHint: (node: string) => `Move the pod to another node than ${node}.`,
  allOnNode: (endpoints: string, node: string) => `all ready endpoints are on ${node}: ${endpoints}`,
  allOnNodeHint: () => 'When this node is away, no other endpoint can answer.',
};

const actionsEn: Readonly<Record<ChangeAction, (object: string) => string>> = {
  'delete-pod': (pod) => `${pod} is deleted`,
  'add-endpoint': (service) => `${service} gets one more endpoint`,
  'restart-kube-proxy': (node) => `kube-proxy on ${node} restarts`,
  scale: (deployment) => `${deployment} is scaled`,
  'stop-node': (node) => `${node} loses its power`,
  'reboot-node': (node) => `${node} reboots`,
};

const korean: typeof english = {
  changeExpected: (action, object, from, to, seconds) =>
    `${actionsKo[action](object)} 뒤 ${seconds}초 안에 ${ko.where(from)}에서 ${to} 방향 패킷이 준비된 모든 엔드포인트에 도착`,
  noService: (to) => `주소가 ${to}인 서비스가 없음`,
  noReadyEndpoint: (to) => `${to}에 준비된 엔드포인트가 없음`,
  fewFailures: (most) => `그동안 실패한 요청은 ${most}개 이하`,
  converged: (seconds, failed, sent) => `${seconds}초 뒤; 요청 ${sent}개 중 ${failed}개 실패`,
  notAsBefore: (problem) => `변경 뒤 클러스터가 원래대로 돌아오지 않음: ${problem}`,
  notConverged: (seen) => `패킷이 아직 맞게 가지 않음: ${seen}`,
  firstFailure: (why) => `처음 실패한 요청의 원인: ${why}`,
  meanwhile: (from, to, most) => `그동안 ${ko.where(from)}에서 ${to} 방향 요청의 실패는 ${most}개 이하`,
  meanwhileSeen: (from, to, failed, sent) =>
    `그동안 ${ko.where(from)}에서 ${to} 방향 요청 ${sent}개 중 ${failed}개 실패`,
  sendsItself: (from, node) => `${ko.where(from)}: ${node} 노드에 있어서 이 노드가 없는 동안 요청을 보낼 수 없음`,
  sendsItselfHint: (node) => `파드를 ${node} 밖의 다른 노드로 옮기세요.`,
  allOnNode: (endpoints, node) => `준비된 엔드포인트가 모두 ${node}에 있음: ${endpoints}`,
  allOnNodeHint: () => '이 노드가 없는 동안 응답할 다른 엔드포인트가 없습니다.',
};

const actionsKo: Readonly<Record<ChangeAction, (object: string) => string>> = {
  'delete-pod': (pod) => `${pod} 삭제`,
  'add-endpoint': (service) => `${service}에 엔드포인트 추가`,
  'restart-kube-proxy': (node) => `${node}에서 kube-proxy 재시작`,
  scale: (deployment) => `${deployment}의 파드 수 변경`,
  'stop-node': (node) => `${node}의 전원 차단`,
  'reboot-node': (node) => `${node} 재부팅`,
};

const nameOf = (object: string, say: Phrases): string =>
  /^(pod|node)\//.test(object) ? say.where(object) : describeReference(object, say);

/** What kind of object each action changes. */
const kindOf: Readonly<Record<ChangeAction, string>> = {
  'delete-pod': 'pod',
  'add-endpoint': 'service',
  'restart-kube-proxy': 'node',
  scale: 'deployment',
  'stop-node': 'node',
  'reboot-node': 'node',
};

const isOutage = (action: unknown): boolean => action === 'stop-node' || action === 'reboot-node';

/** The cluster takes a silent node for dead after this time, and then the rules change. */
const leastAfterStopMs = nodeGraceMs + 5000;

const during = z.strictObject({
  from: place,
  to: hostPort.exactOptional(),
  url: url.exactOptional(),
  status: httpStatus.exactOptional(),
  body: match.exactOptional().meta({ description: 'What the body of the answer contains.' }),
  failures: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'How many of these requests may fail.', examples: [2] }),
});
type During = z.output<typeof during>;

const duringMistakes = (items: unknown): readonly Mistake[] =>
  (Array.isArray(items) ? items : [items]).flatMap((item: Readonly<Record<string, unknown>> | undefined) =>
    item === undefined ||
    ((item.to === undefined) !== (item.url === undefined) && !(item.to && (item.status || item.body)))
      ? []
      : [{ field: 'during', message: 'each item needs either to, or url with status and body if wanted' }],
  );

const requestOf = ({ from, to = '', url, status = 200, body }: During): DuringRequest =>
  url === undefined ? { from, to } : { from, url, status, ...(body === undefined ? {} : { body }) };

export const changeCheck = checkKind({
  type: 'change',
  summary:
    'After a change of the cluster, packets soon go where they should, and few requests fail. Undoes the change.',
  fields: {
    do: z.enum(changeActions).meta({ description: 'What labs does to the cluster, and undoes.' }),
    object: z
      .string()
      .regex(/^(pod|service|node|deployment)\/.+$/, {
        error: (issue) =>
          `"${issue.input}" is not an object: write pod/NAME, service/NAME, node/NAME or deployment/NAME`,
      })
      .meta({
        description: 'pod/NAME to delete-pod, service/NAME to add-endpoint, node/NAME, or deployment/NAME to scale.',
        examples: ['pod/web', 'deployment/web'],
      }),
    replicas: z
      .int()
      .min(1)
      .max(20)
      .exactOptional()
      .meta({ description: 'For scale: how many pods.', examples: [3] }),
    from: place,
    to: hostPort,
    converges: duration.exactOptional().meta({
      description:
        'How long packets may go elsewhere after the change. Default: 10s; for stop-node and reboot-node 60s.',
    }),
    failures: z
      .int()
      .min(0)
      .exactOptional()
      .meta({ description: 'How many requests may fail. Default: any number.', examples: [5] }),
    rate: z
      .number()
      .min(1)
      .max(50)
      .exactOptional()
      .meta({
        description: 'Requests each second. Default: 10; for stop-node and reboot-node, which take longer, 2.',
        examples: [5],
      }),
    during: zeroOrMore(during).meta({
      description: 'Other requests, sent at the same rate from before the change until after it.',
      examples: [{ from: 'client', url: `http://\${node.address}:30080/` }],
    }),
  },
  words: { en: english, ko: korean },
  resolve: ({ converges, rate, ...check }) => ({
    ...check,
    converges: converges ?? (isOutage(check.do) ? 60_000 : 10_000),
    rate: rate ?? (isOutage(check.do) ? 2 : 10),
  }),
  mistakes: ({ do: action, object, replicas, from, converges, during }) => {
    if ((action === 'scale') !== (replicas !== undefined))
      return [{ field: 'replicas', message: 'scale needs the field replicas, and nothing else has it' }];
    const kind = kindOf[action as ChangeAction];
    if (kind !== undefined && typeof object === 'string' && !object.startsWith(`${kind}/`))
      return [{ field: 'object', message: `${String(action)} changes a ${kind}: write ${kind}/NAME` }];
    if (object === 'node/*')
      return [{ field: 'object', message: `${String(action)} changes one node: write its name` }];
    const others = (Array.isArray(during) ? during : [during]) as readonly ({ from?: unknown } | undefined)[];
    if (
      isOutage(action) &&
      [from, ...others.map((each) => each?.from)].some((each) => each === object || each === 'node/*')
    )
      return [{ field: 'from', message: `${String(object)} cannot send while it is away: write another place` }];
    if (action === 'stop-node' && (parseGoDuration(String(converges ?? '1m')) ?? leastAfterStopMs) < leastAfterStopMs)
      return [
        {
          field: 'converges',
          message: `the cluster notices a dead node after ${nodeGraceMs / 1000} s: write at least ${leastAfterStopMs / 1000}s`,
        },
      ];
    return duringMistakes(during);
  },
  expected: ({ do: action, object, from, to, converges, failures, during }, say) =>
    [
      say.changeExpected(action, nameOf(object, say), from, to, converges / 1000),
      ...(failures === undefined ? [] : [say.fewFailures(failures)]),
      ...during.map((each) => say.meanwhile(each.from, each.url ?? each.to ?? '', each.failures)),
    ].join('; '),
  judge: ({ do: action, object, replicas, from, to, converges, failures, rate, during }, view, say) => {
    // A change of what is not there would prove nothing.
    if (action !== 'restart-kube-proxy') view.objects.get(object);
    const target = view.paths.target(to, 'tcp');
    if (!target.isService) throw new Unmet(say.noService(to));
    if (target.endpoints.length === 0) throw new Unmet(say.noReadyEndpoint(to), say.selectorHint());
    for (const each of [from, ...during.map((item) => item.from)]) {
      const { machine } = view.places.one(each);
      if (isOutage(action) && object === `node/${machine}`)
        throw new Unmet(say.sendsItself(each, machine), say.sendsItselfHint(machine));
    }
    if (action === 'stop-node') refuseLonely(object, target, view, say);
    const request: ChangeRequest = {
      ...{ action, object, from, to, rate, convergesMs: converges },
      ...(replicas === undefined ? {} : { replicas }),
      ...(during.length === 0 ? {} : { during: during.map(requestOf) }),
    };
    const outcome = view.facts.one<'change'>({ kind: 'change', ...request });
    const { convergedMs, seen = '', sent, failed, left } = outcome;
    const others = during.map((each, index): Verdict => {
      const counts = outcome.during?.[index] ?? { sent: 0, failed: 0 };
      const observed = say.meanwhileSeen(each.from, each.url ?? each.to ?? '', counts.failed, counts.sent);
      return { holds: counts.failed <= each.failures, observed, ...hintOf(counts, say) };
    });
    const own: Verdict =
      convergedMs === undefined
        ? { holds: false, observed: say.notConverged(say.fromEnglish(seen)), ...hintOf(outcome, say) }
        : {
            holds: failures === undefined || failed <= failures,
            observed: say.converged((convergedMs / 1000).toFixed(1), failed, sent),
            ...hintOf(outcome, say),
          };
    if (left !== undefined) return [{ holds: false, observed: say.notAsBefore(say.fromEnglish(left)) }];
    // The report shows the first that fails, or the last of all.
    return own.holds ? [...others, own] : [own, ...others];
  },
});

const hintOf = ({ failure }: TrafficCounts, say: Phrases & typeof english): { readonly hint?: string } =>
  failure === undefined ? {} : { hint: say.firstFailure(say.fromEnglish(failure)) };

/** No other endpoint could take over. */
const refuseLonely = (object: string, { endpoints }: Target, view: View, say: Phrases & typeof english): void => {
  const node = object.slice('node/'.length);
  const here = view.objects.list<Pod>('pod').filter(({ spec }) => spec.nodeName === node);
  const isHere = (endpoint: string): boolean => here.some(({ status }) => endpoint.startsWith(`${status?.podIP}:`));
  if (endpoints.every(isHere)) throw new Unmet(say.allOnNode(endpoints.join(', '), node), say.allOnNodeHint());
};
