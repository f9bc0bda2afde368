// What a path check can expect, and its sentences in both languages.
import { waysEnglish, waysKorean } from './ways.ts';

export const expectations = [
  'endpoints',
  'arrives',
  'balanced',
  'masqueraded',
  'sourcePreserved',
  'dropped',
  'rejected',
] as const;
export type Expectation = (typeof expectations)[number];

export const english = {
  ...waysEnglish,
  pathExpected: (from: string, to: string, expect: readonly Expectation[]) =>
    `packets from ${from} to ${to} ${expect.map((each) => expectedEn[each]).join('; ')}`,
  share: (share: string) => `${share} of the packets`,
  allPackets: () => 'its packets',
  seenEnd: (place: string, which: string, end: string) => `from ${place}, ${which} ${end}`,
  ownRule: (place: string, before: string, after: string) => `${place} itself sends packets for ${before} to ${after}`,
  never: (place: string, endpoints: string) => `no packet from ${place} arrives at ${endpoints}`,
  answers: (from: string) => `the answers of ${from}`,
  strange: (source: string, wanted: string) =>
    `come from ${source} instead of ${wanted}, so the sender does not take them`,
  shares: (place: string, shares: string) => `from ${place}: ${shares}`,
  dependsOn: (rules: readonly string[]) => `(at times, depending on ${rules.join('; ')})`,
  noEndpoints: (to: string) => `${to} has no ready endpoint`,
  noService: (to: string) => `no service has ${to}`,
  whereWrong: (by: string, command: string) => `The cause: ${by}. \`${command}\` shows the whole way.`,
  wholeWay: (command: string) => `\`${command}\` shows the whole way.`,
};

const expectedEn: Readonly<Record<Expectation, string>> = {
  endpoints: 'reach every ready endpoint and nothing else',
  arrives: 'arrive, and their answers come back',
  balanced: 'reach all endpoints equally often',
  masqueraded: 'arrive with another source address',
  sourcePreserved: 'arrive with the address of their sender',
  dropped: 'are dropped without an answer',
  rejected: 'are refused',
};

export const korean: typeof english = {
  ...waysKorean,
  pathExpected: (from, to, expect) =>
    `${from}에서 ${to} 방향으로 가는 패킷: ${expect.map((each) => expectedKo[each]).join('; ')}`,
  share: (share) => `패킷의 ${share}`,
  allPackets: () => '모든 패킷',
  seenEnd: (place, which, end) => `${place}에서 보낸 ${which}: ${end}`,
  ownRule: (place, before, after) => `${place}에서 스스로 목적지를 바꿈: ${before} → ${after}`,
  never: (place, endpoints) => `${place}에서 보낸 패킷이 도착하지 않는 곳: ${endpoints}`,
  answers: (from) => `패킷에 대한 ${from}의 응답`,
  strange: (source, wanted) => `${wanted} 대신 ${source}에서 와서 보낸 쪽이 받지 않음`,
  shares: (place, shares) => `${place}에서 보낸 패킷: ${shares}`,
  dependsOn: (rules) => `(때에 따라 다름: ${rules.join('; ')})`,
  noEndpoints: (to) => `${to}에 준비된 엔드포인트가 없음`,
  noService: (to) => `주소가 ${to}인 서비스가 없음`,
  whereWrong: (by, command) => `원인: ${by}. 전체 경로 보기: \`${command}\``,
  wholeWay: (command) => `전체 경로 보기: \`${command}\``,
};

const expectedKo: Readonly<Record<Expectation, string>> = {
  endpoints: '준비된 모든 엔드포인트에만 도착',
  arrives: '도착하고 응답이 돌아옴',
  balanced: '엔드포인트마다 같은 확률로 도착',
  masqueraded: '출발지 주소가 바뀌어 도착',
  sourcePreserved: '출발지 주소 그대로 도착',
  dropped: '응답 없이 버려짐',
  rejected: '거부됨',
};
