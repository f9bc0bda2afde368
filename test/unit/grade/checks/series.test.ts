// `times`, `spread` and `sticky` of the checks http and tcp.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import type { SeriesOutcome, SeriesProbe } from '../../../../src/api/probes.ts';
import { missChance, seriesMistakes, timesFor } from '../../../../src/host/grade/checks/series.ts';
import { gradeCheck, objects, pod, service, type World } from '../world.ts';

const web = (ready: readonly boolean[], spec: object = {}): NonNullable<World['objects']> => ({
  '/api/v1/pods': [
    pod('blue', 'node01', '10.244.1.9'),
    ...ready.map((_, index) => pod(`w${index}`, index === 0 ? 'node01' : 'node02', `10.244.1.${index}`)),
  ],
  '/api/v1/services': [
    { ...service('web', '10.96.0.1', 80), spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec } },
  ],
  '/apis/discovery.k8s.io/v1/endpointslices': [
    {
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: ready.map((isReady, index) => ({ addresses: [`10.244.1.${index}`], conditions: { ready: isReady } })),
      ports: [{ port: 8080 }],
    },
  ],
});

/** Every request is answered, and arrives at one of the endpoints in these shares. */
const arriving =
  (share: (times: number) => readonly number[], text = 'hello') =>
  ({ times, probe }: SeriesProbe): SeriesOutcome => ({
    ok: true,
    answers: [{ ...(probe.kind === 'http' ? { status: 200 } : {}), text, times }],
    arrived: share(times),
  });

const check = { type: 'http', from: 'pod/blue', url: 'http://10.96.0.1/' };
const both = arriving((times) => [times - 3, 3]);
const one = arriving((times) => [times, 0]);

describe('spread', () => {
  test.each([2, 'all'])('%s passes when the endpoints have answered, and says how often', async (spread) => {
    const report = await gradeCheck({ ...check, spread }, { objects: web([true, true]), series: both });
    expect(report).toMatchObject({
      outcome: 'pass',
      observed: 'pod blue → http://10.96.0.1/, 15 requests: 12 to w0 10.244.1.0:8080, 3 to w1 10.244.1.1:8080',
    });
  });

  test.each([2, 'all'])('%s fails when one endpoint has answered everything', async (spread) => {
    const report = await gradeCheck({ ...check, spread }, { objects: web([true, true]), series: one });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('none to w1 10.244.1.1:8080') });
    expect(report).toMatchObject({ hint: expect.stringContaining('sessionAffinity') });
  });

  test('all leaves out what is not ready, and sends as many requests as the ready ones need', async () => {
    const asked: number[] = [];
    const series = (question: SeriesProbe): SeriesOutcome => {
      asked.push(question.times);
      return arriving((times) => [times - 9, 9, 0, 0])(question);
    };
    const passing = await gradeCheck({ ...check, spread: 'all' }, { objects: web([true, true, false, false]), series });
    const failing = await gradeCheck({ ...check, spread: 'all' }, { objects: web([true, true, true, true]), series });
    expect([passing.outcome, failing.outcome]).toEqual(['pass', 'fail']);
    expect([...new Set(asked)]).toEqual([timesFor(2), timesFor(4)]);
  });

  test('all means the endpoints of the own node where the service uses no others', async () => {
    const local = web([true, true], { internalTrafficPolicy: 'Local' });
    expect(await gradeCheck({ ...check, spread: 'all' }, { objects: local, series: one })).toMatchObject({
      outcome: 'fail',
      observed: 'http://10.96.0.1/ has only 1 ready endpoint',
    });
  });

  test.each([
    [3, [true, true]],
    ['all', [true]],
    ['all', []],
  ])('%s fails when fewer endpoints are ready', async (spread, ready) => {
    const series = arriving((times) => (ready.length === 0 ? [] : [times, ...ready.slice(1).map(() => 0)]));
    const report = await gradeCheck({ ...check, spread }, { objects: web(ready), series });
    expect(report).toMatchObject({ outcome: 'fail' });
  });
});

describe('sticky', () => {
  test('passes when one of several endpoints has answered everything', async () => {
    expect(await gradeCheck({ ...check, sticky: true }, { objects: web([true, true]), series: one })).toMatchObject({
      outcome: 'pass',
    });
  });

  test('fails when two have answered, and when only one is ready', async () => {
    expect(await gradeCheck({ ...check, sticky: true }, { objects: web([true, true]), series: both })).toMatchObject({
      outcome: 'fail',
      hint: expect.stringContaining('sessionAffinity'),
    });
    expect(await gradeCheck({ ...check, sticky: true }, { objects: web([true, false]), series: one })).toMatchObject({
      outcome: 'fail',
      observed: 'http://10.96.0.1/ has only 1 ready endpoint',
    });
  });
});

describe('every request', () => {
  const times = { ...check, times: 4 };

  test('must be answered as described', async () => {
    const world = { objects: web([true, true]), series: both };
    expect(await gradeCheck({ ...times, body: 'hello' }, world)).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck({ ...times, body: 'bye' }, world)).toMatchObject({
      outcome: 'fail',
      observed: 'pod blue got 200 from http://10.96.0.1/: hello (4 of 4 requests)',
    });
    expect((await gradeCheck({ ...times, status: 404 }, world)).outcome).toBe('fail');
  });

  test('must arrive at an endpoint', async () => {
    const lost = arriving((count) => [count - 2, 0]);
    expect(await gradeCheck(times, { objects: web([true, true]), series: lost })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringMatching(/not from there.*\(2 of 4 requests\)/),
    });
  });

  test('must get an answer', async () => {
    const series = (): SeriesOutcome => ({ ok: false, failure: 'timeout', message: '', answered: 2 });
    expect(await gradeCheck(times, { objects: web([true, true]), series })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('(after 2 of 4 requests were answered)'),
    });
    const late = (): SeriesOutcome => ({ ok: false, failure: 'timeout', message: '', answered: 2, isLate: true });
    expect(await gradeCheck(times, { objects: web([true, true]), series: late })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('only 2 of 4 came in time'),
    });
  });

  test('must be for something that exists', async () => {
    expect(
      await gradeCheck({ ...times, url: 'http://10.96.0.1:81/' }, { objects: web([true]), series: one }),
    ).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('no service, pod or machine has the address and port 10.96.0.1:81'),
    });
    const report = await gradeCheck(
      { ...times, url: 'http://web/' },
      {
        objects: web([true]),
        lookup: () => ({ ok: false, failure: 'unresolved', message: 'no such name' }),
      },
    );
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining("doesn't resolve") });
  });
});

test('a tcp check counts connections, with the greeting of each', async () => {
  const tcp = { type: 'tcp', from: 'pod/blue', to: '${service/web:.spec.clusterIP}:80', spread: 'all', banner: 'hel' };
  expect((await gradeCheck(tcp, { objects: web([true, true]), series: both })).outcome).toBe('pass');
  expect((await gradeCheck({ ...tcp, banner: 'bye' }, { objects: web([true, true]), series: both })).outcome).toBe(
    'fail',
  );
});

test('a lab that defines no series sends one request', async () => {
  const answer = { ok: true, status: 200, body: '', remote: '', local: '', milliseconds: 1 } as const;
  expect((await gradeCheck(check, { objects, http: () => answer })).outcome).toBe('pass');
});

describe('chance', () => {
  test.each([
    [2, 1, 1],
    [2, 2, 0.5],
    [2, 10, 1 / 512],
    [3, 3, 1 - 6 / 27],
    [32, 31, 1],
  ])('of %i endpoints, %i requests miss one with the probability %f', (endpoints, times, chance) => {
    expect(missChance(endpoints, times)).toBeCloseTo(chance, 12);
  });

  test.each([2, 3, 5, 32])('for %i endpoints, one request less would not do', (endpoints) => {
    const times = timesFor(endpoints);
    expect(missChance(endpoints, times)).toBeLessThanOrEqual(1e-4);
    expect(missChance(endpoints, times - 1)).toBeGreaterThan(1e-4);
    expect(times).toBeLessThan(500);
  });
});

describe('an author is told', () => {
  test.each([
    [
      { spread: 2, times: 10 },
      'times',
      '10 requests are too few for 2 endpoints: a correct lab would fail in 0.2 % of all gradings. Write at least 15, or leave times out',
    ],
    [
      { sticky: true, times: 3 },
      'times',
      '3 requests are too few: a service without affinity would pass in 25 % of all gradings. Write at least 15, or leave times out',
    ],
    [{ spread: 2, sticky: true }, 'spread', '"spread" and "sticky" exclude each other'],
    [{ spread: 2, not: true }, 'spread', expect.stringContaining('and "not" exclude each other')],
    [{ times: 2, not: true }, 'times', expect.stringContaining('and "not" exclude each other')],
  ])('what is wrong with %j', (written, field, message) => {
    expect(seriesMistakes(written)).toEqual([{ field, message }]);
  });

  test.each([
    { spread: 2, times: 15 },
    { spread: 'all', times: 3 },
    { sticky: true },
    { times: 1 },
    { spread: 'x', times: {} },
    { not: true },
  ])('nothing about %j', (written) => {
    expect(seriesMistakes(written)).toEqual([]);
  });
});
