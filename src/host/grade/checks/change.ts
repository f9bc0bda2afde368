// The change check: after a change of the cluster, packets soon go where they should, and few requests fail meanwhile.
import * as z from 'zod';
import { type ChangeAction, type ChangeRequest, changeActions } from '../change/types.ts';
import { Unmet } from '../facts.ts';
import { describeReference } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { duration, hostPort, place } from './fields.ts';
import { checkKind } from './kind.ts';

const english = {
  changeExpected: (action: ChangeAction, object: string, from: string, to: string, seconds: number) =>
    `within ${seconds} s after ${actionsEn[action](object)}, packets from ${en.where(from)} to ${to} reach every ready endpoint`,
  noReadyEndpoint: (to: string) => `${to} has no ready endpoint`,
  fewFailures: (most: number) => `at most ${most} requests fail meanwhile`,
  converged: (seconds: string, failed: number, sent: number) =>
    `after ${seconds} s; ${failed} of ${sent} requests failed`,
  notConverged: (seen: string) => `packets still do not go where they should: ${seen}`,
  firstFailure: (why: string) => `The first request failed because: ${why}`,
};

const actionsEn: Readonly<Record<ChangeAction, (object: string) => string>> = {
  'delete-pod': (pod) => `${pod} is deleted`,
  'add-endpoint': (service) => `${service} gets one more endpoint`,
  'restart-kube-proxy': (node) => `kube-proxy on ${node} restarts`,
  scale: (deployment) => `${deployment} is scaled`,
};

const korean: typeof english = {
  changeExpected: (action, object, from, to, seconds) =>
    `${actionsKo[action](object)} 뒤 ${seconds}초 안에 ${ko.where(from)}에서 ${to} 방향 패킷이 준비된 모든 엔드포인트에 도착`,
  noReadyEndpoint: (to) => `${to}에 준비된 엔드포인트가 없음`,
  fewFailures: (most) => `그동안 실패한 요청은 ${most}개 이하`,
  converged: (seconds, failed, sent) => `${seconds}초 뒤; 요청 ${sent}개 중 ${failed}개 실패`,
  notConverged: (seen) => `패킷이 아직 맞게 가지 않음: ${seen}`,
  firstFailure: (why) => `처음 실패한 요청의 원인: ${why}`,
};

const actionsKo: Readonly<Record<ChangeAction, (object: string) => string>> = {
  'delete-pod': (pod) => `${pod} 삭제`,
  'add-endpoint': (service) => `${service}에 엔드포인트 추가`,
  'restart-kube-proxy': (node) => `${node}에서 kube-proxy 재시작`,
  scale: (deployment) => `${deployment}의 파드 수 변경`,
};

const nameOf = (object: string, say: Phrases): string =>
  /^(pod|node)\//.test(object) ? say.where(object) : describeReference(object, say);

/** What kind of object each action changes. */
const kindOf: Readonly<Record<ChangeAction, string>> = {
  'delete-pod': 'pod',
  'add-endpoint': 'service',
  'restart-kube-proxy': 'node',
  scale: 'deployment',
};

export const changeCheck = checkKind({
  type: 'change',
  summary:
    'After a change of the cluster, packets soon go where they should, and few requests fail. Undoes the change.',
  fields: {
    do: z.enum(changeActions),
    object: z
      .string()
      .regex(/^(pod|service|node|deployment)\/.+$/, {
        error: (issue) =>
          `"${issue.input}" is not an object: write pod/NAME, service/NAME, node/NAME or deployment/NAME`,
      })
      .meta({
        description: 'pod/NAME to delete-pod, service/NAME to add-endpoint, node/NAME, or deployment/NAME to scale.',
      }),
    replicas: z.int().min(1).max(20).exactOptional().meta({ description: 'For scale: how many pods.' }),
    from: place,
    to: hostPort,
    converges: duration.prefault('10s').meta({ description: 'How long packets may go elsewhere after the change.' }),
    failures: z.int().min(0).exactOptional().meta({ description: 'How many requests may fail. Default: any number.' }),
    rate: z.number().min(1).max(50).default(10).meta({ description: 'Requests each second.' }),
  },
  words: { en: english, ko: korean },
  mistakes: ({ do: action, object, replicas }) => {
    if ((action === 'scale') !== (replicas !== undefined))
      return [{ field: 'replicas', message: 'scale needs the field replicas, and nothing else has it' }];
    const kind = kindOf[action as ChangeAction];
    return kind === undefined || typeof object !== 'string' || object.startsWith(`${kind}/`)
      ? []
      : [{ field: 'object', message: `${String(action)} changes a ${kind}: write ${kind}/NAME` }];
  },
  expected: ({ do: action, object, from, to, converges, failures }, say) =>
    [
      say.changeExpected(action, nameOf(object, say), from, to, converges / 1000),
      ...(failures === undefined ? [] : [say.fewFailures(failures)]),
    ].join('; '),
  judge: ({ do: action, object, replicas, from, to, converges, failures, rate }, view, say) => {
    // A change of what is not there would prove nothing.
    if (action !== 'restart-kube-proxy') view.objects.get(object);
    view.places.one(from);
    const target = view.paths.target(to, 'tcp');
    if (target.endpoints.length === 0) throw new Unmet(say.noReadyEndpoint(to));
    const request: ChangeRequest = {
      ...{ action, object, from, to, rate, convergesMs: converges },
      ...(replicas === undefined ? {} : { replicas }),
    };
    const { convergedMs, seen = '', sent, failed, failure } = view.facts.one<'change'>({ kind: 'change', ...request });
    const hint = failure === undefined ? {} : { hint: say.firstFailure(say.fromEnglish(failure)) };
    if (convergedMs === undefined)
      return [{ holds: false, observed: say.notConverged(say.fromEnglish(seen)), ...hint }];
    const observed = say.converged((convergedMs / 1000).toFixed(1), failed, sent);
    return [{ holds: failures === undefined || failed <= failures, observed, ...hint }];
  },
});
