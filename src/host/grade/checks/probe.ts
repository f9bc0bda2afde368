// Shared by the checks that send traffic (http, tcp, lookup): the verdict when no answer comes.
import * as z from 'zod';
import type { ProbeFailure } from '../../../api/probes.ts';
import { toKorean } from '../../korean/translate.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import type { Expected } from '../view/probes.ts';
import { duration, oneOrMore } from './fields.ts';
import { traceCommand } from './look.ts';

/** How long the probe waits for the answer. */
export const timeout = duration.prefault('2s').meta({ description: 'How long to wait for the answer.' });

/** Where the request must arrive. */
export const lands = oneOrMore(z.string().regex(/^(pod|node|client|machine|endpoints)(\/|$)/))
  .exactOptional()
  .meta({
    description:
      'Where the request must arrive: pod/NAME, node/NAME or endpoints/[NAMESPACE/]SERVICE. Default: whatever has the address.',
    examples: ['pod/web', ['pod/a', 'endpoints/web']],
  });

/** A check with `not` fails on any answer, whoever gives it. */
export const whoAnswers = (check: { readonly not: boolean; readonly lands?: readonly string[] }): Expected => ({
  anywhere: check.not,
  ...(check.lands ? { lands: check.lands } : {}),
});

const failures: Readonly<Record<ProbeFailure, (message: string) => string>> = {
  unresolved: (message) => message,
  unreachable: () => 'no route to it (unreachable)',
  refused: () => 'connection refused at once: an answer came, and the answer was no',
  timeout: () => 'no answer in time: the packets get lost on the way',
  reset: () => 'the connection was reset',
  protocol: (message) => `an answer came, but not in the expected protocol: ${message}`,
  elsewhere: () =>
    'an answer came, but not from there: labs saw no packet of the request leave for it and arrive at an endpoint',
};

/** `wholeWay`: how to see the way of the packet, or empty. */
const failureHints: Readonly<Record<ProbeFailure, (wholeWay: string) => string>> = {
  unresolved: () =>
    'If the name server did not answer: look at /etc/resolv.conf of the pod, at the service kube-dns and ' +
    'its endpoints, and at the rules for this service on the node of the pod. ' +
    'If it has no such name: is there such a service in that namespace (kubectl get services -A), and if it is an ' +
    'ExternalName, does the name to which it leads resolve?',
  unreachable: () =>
    'Look at the routes (`ip route`) of the sender and at REJECT rules: packets to a service without endpoints are rejected.',
  refused: () =>
    'Is targetPort the port on which the pod listens? A service without endpoints also refuses connections: kubectl get endpointslices',
  timeout: (wholeWay) => `Follow the packet: which route, rule or address on its way is wrong?${wholeWay}`,
  reset: () => 'Look at the log of the pod: kubectl logs',
  protocol: () => 'Is this the right port of the right pod?',
  elsewhere: (wholeWay) =>
    `Which pod should answer? Follow the packet: does a rule, an address or a program on the way take it?${wholeWay}`,
};

export const probeEnglish = {
  noAnswer: (place: string, target: string, failure: ProbeFailure, message: string) =>
    `${place} → ${target}: ${failures[failure](message)}`,
  noAnswerHint: (failure: ProbeFailure, command: string | undefined) =>
    failureHints[failure](command === undefined ? '' : ` \`${command}\` shows the whole way.`),
};

type ProbeWords = typeof probeEnglish;

const koreanFailures: typeof failures = {
  unresolved: toKorean,
  unreachable: () => '그곳으로 가는 경로가 없음 (unreachable)',
  refused: () => '연결이 바로 거부됨: 거부하는 응답이 왔음',
  timeout: () => '시간 안에 응답이 없음: 패킷이 도중에 사라짐',
  reset: () => '연결이 끊김 (reset)',
  protocol: (message) => `응답은 왔지만 다른 프로토콜을 사용함: ${toKorean(message)}`,
  elsewhere: () => '응답은 왔지만 그곳에서 온 것이 아님: 이 주소로 나가서 엔드포인트에 도착한 요청 패킷이 없음',
};

const koreanFailureHints: typeof failureHints = {
  unresolved: () =>
    '네임 서버의 응답이 없으면 파드의 /etc/resolv.conf, kube-dns 서비스와 그 엔드포인트, 파드가 있는 노드의 kube-dns 규칙을 보세요. ' +
    '그런 이름이 없다고 하면 그 네임스페이스에 그 서비스가 있는지 보세요(kubectl get services -A). ' +
    'ExternalName이라면 가리키는 이름의 주소를 찾을 수 있습니까?',
  unreachable: () =>
    '보내는 쪽의 경로(`ip route`)와 REJECT 규칙을 보세요. 엔드포인트가 없는 서비스로 가는 패킷은 거부됩니다.',
  refused: () =>
    '파드가 targetPort에서 리스닝 중입니까? 엔드포인트가 없는 서비스도 연결을 거부합니다: kubectl get endpointslices',
  timeout: (wholeWay) => `패킷을 따라가 보세요. 도중의 경로, 규칙, 주소 가운데 무엇이 잘못되었습니까?${wholeWay}`,
  reset: () => '파드의 로그를 보세요: kubectl logs',
  protocol: () => '포트와 파드가 올바릅니까?',
  elsewhere: (wholeWay) =>
    `어느 파드가 응답해야 합니까? 패킷을 따라가 보세요. 도중의 규칙, 주소, 프로그램이 패킷을 가로챕니까?${wholeWay}`,
};

export const probeKorean: ProbeWords = {
  noAnswer: (place, target, failure, message) => `${place} → ${target}: ${koreanFailures[failure](message)}`,
  noAnswerHint: (failure, command) =>
    koreanFailureHints[failure](command === undefined ? '' : ` 전체 경로 보기: \`${command}\``),
};

export const noAnswer = (
  place: Place,
  target: string,
  { failure, message }: { readonly failure: ProbeFailure; readonly message: string },
  say: ProbeWords,
): Verdict => ({
  holds: false,
  observed: say.noAnswer(place.label, target, failure, message),
  hint: say.noAnswerHint(failure, traceOf(place, target)),
});

/** The command that follows the packet; none for a name to look up and for IPv6, which `labs trace` cannot follow. */
const traceOf = (place: Place, target: string): string | undefined => {
  const url = /^https?:\/\//.test(target) ? target : `tcp://${target}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  const known = { 'http:': '80', 'https:': '443' }[protocol] ?? '';
  const goal = port || known;
  if (goal === '' || hostname.startsWith('[')) return undefined;
  // The resolver of the pod completes a short name with the namespace of the pod.
  const namespace = place.pod?.metadata.namespace ?? 'default';
  const host = namespace === 'default' || hostname.includes('.') ? hostname : `${hostname}.${namespace}`;
  return traceCommand(place, `${host}:${goal}`);
};
