// Shared by the checks http and tcp: `times`, `spread` and `sticky`, which send a request again and again and look at
// the endpoints that it reaches.
import * as z from 'zod';
import type { Pod } from '../../../api/core-pods.ts';
import { mostRequests, type SeriesAnswer } from '../../../api/probes.ts';
import { isMachine } from '../facts.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import type { Series } from '../view/probes.ts';
import type { View } from '../view/view.ts';
import type { Mistake } from './kind.ts';
import { noAnswer, type probeEnglish } from './probe.ts';

const mostEndpoints = 32;

export const seriesFields = {
  times: z
    .int()
    .min(1)
    .max(mostRequests)
    .exactOptional()
    .meta({
      description:
        'How many requests, each on a connection of its own. All must be answered as described. Default with spread or sticky: as many as it takes to be sure.',
      examples: [20],
    }),
  spread: z
    .union([z.int().min(2).max(mostEndpoints), z.literal('all')])
    .exactOptional()
    .meta({
      description: 'At least so many different endpoints must answer. all: every ready endpoint, of at least two.',
      examples: ['all'],
    }),
  sticky: z.boolean().default(false).meta({
    description: 'All requests must reach the same one of at least two ready endpoints, as with sessionAffinity.',
  }),
};

export interface SeriesCheck {
  readonly times?: number;
  readonly spread?: number | 'all';
  readonly sticky: boolean;
}

export const isSeries = ({ times, spread, sticky }: SeriesCheck): boolean =>
  times !== undefined || spread !== undefined || sticky;

/** A correct lab may fail, or a wrong one pass, in one of so many runs. */
const oneIn = 10_000;

/** The probability that not all of so many equally likely endpoints are among the requests. */
export const missChance = (endpoints: number, times: number): number => {
  // The probability of each number of different endpoints so far.
  let seen = [1, ...Array<number>(endpoints).fill(0)];
  for (let sent = 0; sent < times; sent++)
    seen = seen.map(
      (chance, number) => (chance * number + (seen[number - 1] ?? 0) * (endpoints - number + 1)) / endpoints,
    );
  return seen.slice(0, endpoints).reduce((sum, chance) => sum + chance, 0);
};

/** So many requests reach each of the endpoints, but for one of 10,000 runs. */
export const timesFor = (endpoints: number): number => {
  let times = endpoints;
  while (missChance(endpoints, times) > 1 / oneIn) times++;
  return times;
};

/** As many requests as to tell two endpoints from one: without an affinity, the second would be among them. */
const timesToStick = timesFor(2);

export const seriesMistakes = (written: Readonly<Record<string, unknown>>): readonly Mistake[] => {
  const { times, spread, sticky, not } = written;
  const used = (['times', 'spread', 'sticky'] as const).find((field) => written[field] !== undefined);
  if (used && not === true)
    return [
      {
        field: used,
        message: `"${used}" and "not" exclude each other: write what should be the case, such as spread or sticky`,
      },
    ];
  if (spread !== undefined && sticky === true)
    return [{ field: 'spread', message: '"spread" and "sticky" exclude each other' }];
  if (typeof times !== 'number') return [];
  if (typeof spread === 'number' && spread >= 2 && spread <= mostEndpoints && missChance(spread, times) > 1 / oneIn)
    return [
      {
        field: 'times',
        message: `${times} requests are too few for ${String(spread)} endpoints: a correct lab would fail in ${share(missChance(spread, times))} of all gradings. Write at least ${String(timesFor(spread))}, or leave times out`,
      },
    ];
  if (sticky === true && times < timesToStick)
    return [
      {
        field: 'times',
        message: `${times} requests are too few: a service without affinity would pass in ${share(missChance(2, times))} of all gradings. Write at least ${String(timesToStick)}, or leave times out`,
      },
    ];
  return [];
};

/** `12 %`, `0.02 %` */
const share = (chance: number): string => `${Number((Math.min(chance, 1) * 100).toPrecision(2))} %`;

/** How many requests to send, when so many endpoints are ready. */
export const timesOf =
  ({ times, spread, sticky }: SeriesCheck) =>
  (ready: number): number => {
    if (spread === 'all') return Math.max(times ?? 1, timesFor(Math.max(ready, 2)));
    if (times !== undefined) return times;
    return spread === undefined ? (sticky ? timesToStick : 1) : timesFor(spread);
  };

export const seriesEnglish = {
  manyTimes: (phrase: string, times: number) => `${phrase}, ${times} times`,
  byAll: (phrase: string) => `${phrase}, again and again, and all ready endpoints answer`,
  bySeveral: (phrase: string, number: number) =>
    `${phrase}, again and again, and at least ${number} different endpoints answer`,
  byOne: (phrase: string) => `${phrase}, again and again, and always the same of several endpoints answers`,
  afterAnswers: (observed: string, answered: number, times: number) =>
    `${observed} (after ${answered} of ${times} requests were answered)`,
  tooSlow: (place: string, target: string, answered: number, times: number) =>
    `${place} → ${target}: the answers are too slow: only ${answered} of ${times} came in time`,
  ofRequests: (observed: string, number: number, times: number) => `${observed} (${number} of ${times} requests)`,
  reached: (place: string, target: string, times: number, ends: string) =>
    `${place} → ${target}, ${times} requests: ${ends}`,
  toEndpoint: (number: number, endpoint: string) => `${number} to ${endpoint}`,
  neverTo: (endpoint: string) => `none to ${endpoint}`,
  fewReady: (target: string, ready: number) =>
    `${target} has ${ready === 0 ? 'no ready endpoint' : ready === 1 ? 'only 1 ready endpoint' : `only ${ready} ready endpoints`}`,
  readyHint: () => 'Which pods does the service select, and are they ready? kubectl get endpointslices',
  spreadHint: () =>
    'Does the service have `sessionAffinity: ClientIP`, which keeps a client at one endpoint? With a traffic ' +
    'policy `Local`, a node uses only the endpoints on itself. ' +
    'Otherwise: does each node have a rule for each endpoint?',
  stickyHint: () => 'Does the service have `sessionAffinity: ClientIP`? kubectl get service NAME -o yaml',
};

type SeriesWords = typeof seriesEnglish;

export const seriesKorean: SeriesWords = {
  manyTimes: (phrase, times) => `${phrase}, ${times}번`,
  byAll: (phrase) => `${phrase}, 여러 번 보내면 준비된 모든 엔드포인트가 응답`,
  bySeveral: (phrase, number) => `${phrase}, 여러 번 보내면 서로 다른 엔드포인트 ${number}개 이상이 응답`,
  byOne: (phrase) => `${phrase}, 여러 번 보내도 여러 엔드포인트 중 항상 같은 하나가 응답`,
  afterAnswers: (observed, answered, times) => `${observed} (요청 ${times}번 중 ${answered}번은 응답을 받은 뒤)`,
  tooSlow: (place, target, answered, times) =>
    `${place} → ${target}: 응답이 너무 느림. 시간 안에 온 응답은 ${times}번 중 ${answered}번`,
  ofRequests: (observed, number, times) => `${observed} (요청 ${times}번 중 ${number}번)`,
  reached: (place, target, times, ends) => `${place} → ${target}, 요청 ${times}번: ${ends}`,
  toEndpoint: (number, endpoint) => `${endpoint}에 ${number}번`,
  neverTo: (endpoint) => `${endpoint}에는 0번`,
  fewReady: (target, ready) => `${target}에 준비된 엔드포인트가 ${ready}개뿐임`,
  readyHint: () => '서비스가 어떤 파드를 선택합니까? 그 파드는 준비되었습니까? kubectl get endpointslices',
  spreadHint: () =>
    '서비스에 `sessionAffinity: ClientIP`가 있습니까? 그러면 한 클라이언트는 한 엔드포인트로만 갑니다. ' +
    '트래픽 정책이 `Local`이면 노드는 자신에게 있는 엔드포인트만 씁니다. ' +
    '둘 다 아니라면 노드마다 각 엔드포인트의 규칙이 있습니까?',
  stickyHint: () => '서비스에 `sessionAffinity: ClientIP`가 있습니까? kubectl get service NAME -o yaml',
};

/** What the check expects, from the phrase for one request. */
export const seriesExpected = (phrase: string, { times, spread, sticky }: SeriesCheck, say: SeriesWords): string => {
  if (sticky) return say.byOne(phrase);
  if (spread === 'all') return say.byAll(phrase);
  if (spread !== undefined) return say.bySeveral(phrase, spread);
  return times === undefined ? phrase : say.manyTimes(phrase, times);
};

export interface SeriesQuestion {
  readonly check: SeriesCheck;
  readonly place: Place;
  /** As the check names it. */
  readonly target: string;
  readonly series: Series;
  /** What is wrong with an answer, as a phrase. */
  readonly wrong: (answer: SeriesAnswer) => string | undefined;
}

export const judgeSeries = (
  { check, place, target, series, wrong }: SeriesQuestion,
  { objects }: View,
  say: SeriesWords & typeof probeEnglish,
): Verdict => {
  const { outcome, endpoints, times } = series;
  if (!outcome.ok) {
    if (outcome.isLate) return { holds: false, observed: say.tooSlow(place.label, target, outcome.answered, times) };
    const verdict = noAnswer(place, target, outcome, say);
    return outcome.answered === 0
      ? verdict
      : { ...verdict, observed: say.afterAnswers(verdict.observed, outcome.answered, times) };
  }
  for (const answer of outcome.answers) {
    const problem = wrong(answer);
    if (problem !== undefined) return { holds: false, observed: say.ofRequests(problem, answer.times, times) };
  }
  const counted = endpoints.map((endpoint, index) => ({ ...endpoint, number: outcome.arrived[index] ?? 0 }));
  const lost = times - counted.reduce((sum, { number }) => sum + number, 0);
  if (lost > 0) {
    const verdict = noAnswer(place, target, { failure: 'elsewhere', message: '' }, say);
    return { ...verdict, observed: say.ofRequests(verdict.observed, lost, times) };
  }
  const pods = objects.list<Pod>('pod');
  const labelOf = ({ address, port, spot }: (typeof counted)[number]): string => {
    const pod = pods.find(({ status }) => status?.podIP === address)?.metadata.name;
    return `${pod ?? (isMachine(spot) ? spot.machine : (spot.netns ?? ''))} ${address}${port === undefined ? '' : `:${port}`}`.trim();
  };
  const shown = counted
    .filter(({ number, isReady }) => number > 0 || isReady)
    .map((each) => (each.number > 0 ? say.toEndpoint(each.number, labelOf(each)) : say.neverTo(labelOf(each))));
  const observed = say.reached(place.label, target, times, shown.join(', '));
  const ready = counted.filter(({ isReady }) => isReady);
  const reached = counted.filter(({ number }) => number > 0);
  const { spread, sticky } = check;
  if (spread === undefined && !sticky) return { holds: true, observed };
  if (ready.length < (typeof spread === 'number' ? spread : 2))
    return { holds: false, observed: say.fewReady(target, ready.length), hint: say.readyHint() };
  if (sticky) return { holds: reached.length === 1, observed, hint: say.stickyHint() };
  const holds = spread === 'all' ? ready.every(({ number }) => number > 0) : reached.length >= (spread ?? 0);
  return { holds, observed, hint: say.spreadHint() };
};
