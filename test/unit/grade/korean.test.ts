import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { checkKinds } from '../../../src/host/grade/kinds.ts';
import { english } from '../../../src/host/grade/say/en.ts';
import { korean } from '../../../src/host/grade/say/ko.ts';
import { nodesWith } from './web-world.ts';
import { accessTo, dbRules, labOf, nobody, pod, type World } from './world.ts';

const inKorean = (check: object, world: World): Promise<Report> =>
  gradeLab({
    lab: labOf([check as Record<string, unknown>]),
    access: accessTo(world),
    progress: nobody,
    language: 'ko',
    signal: new AbortController().signal,
  });

test('every shared sentence has a Korean version', () => {
  expect(Object.keys(korean).sort()).toEqual(Object.keys(english).sort());
  for (const sample of [korean.noSuch('pod x'), korean.notRunning('a', 'b')]) expect(sample).toMatch(/[가-힣]/);
});

test.each(checkKinds.map((kind) => ({ kind, type: kind.type })))(
  'every sentence of the kind $type has a Korean version',
  ({ kind }) => {
    expect(Object.keys(kind.words.ko).sort()).toEqual(Object.keys(kind.words.en).sort());
  },
);

test('expected, observed and hint are in Korean', async () => {
  const world: World = {
    objects: { '/api/v1/pods': [pod('blue', 'node01', '10.244.1.3')] },
    http: () => ({ ok: false, failure: 'timeout', message: '' }),
  };
  const report = await inKorean({ type: 'http', from: 'pod/blue', url: 'http://10.96.0.9/' }, world);
  expect(report.tasks[0]?.checks[0]).toMatchObject({
    expected: 'blue 파드에서 http://10.96.0.9/ 요청에 200 응답',
    observed: 'blue 파드 → http://10.96.0.9/: 시간 안에 응답이 없음: 패킷이 도중에 사라짐',
    hint: expect.stringMatching(/^패킷을 따라가 보세요.*전체 경로 보기: `labs trace blue 10\.96\.0\.9:80`$/),
  });
});

test('the texts of a script are those that its author wrote', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-korean-'));
  const file = join(folder, 'check.ts');
  const expected = `{ en: 'a rule', ko: '규칙 있음' }`;
  const texts = `{ expected: ${expected}, observed: { en: 'none', ko: '없음' }, hint: 'iptables-save' }`;
  await writeFile(file, `export const check = async () => ({ pass: false, ...${texts} });`);
  const report = await inKorean({ type: 'script', file: relative('/lab', file) }, {});
  await rm(folder, { recursive: true });
  const [check] = report.tasks[0]?.checks ?? [];
  expect(check).toMatchObject({ expected: '규칙 있음', observed: '없음', hint: 'iptables-save' });
});

test('an object and a field without a value have Korean names', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a lab
  const check = { type: 'http', from: 'pod/shop/visitor', url: 'http://${service/shop/cart:.spec.clusterIP}/' };
  const report = await inKorean(check, { objects: { '/api/v1/pods': [], '/api/v1/services': [] } });
  expect(report.tasks[0]?.checks[0]).toMatchObject({
    expected: 'shop/visitor 파드에서 http://(shop/cart 서비스의 clusterIP)/ 요청에 200 응답',
    observed: 'shop/cart 서비스 없음',
  });
});

test("a packet's way is described in Korean", async () => {
  const check = {
    type: 'iptables',
    on: 'node/node01',
    packet: { from: '10.244.1.3', to: '10.103.132.104:3306', lands: '10.244.1.9:3306' },
  };
  const report = await inKorean(check, {
    facts: { node01: { iptables: dbRules } },
    dataplane: nodesWith({ node01: dbRules }),
  });
  expect(report.tasks[0]?.checks[0]).toMatchObject({
    expected: 'node01에서, 10.244.1.3 → 10.103.132.104:3306 패킷: 10.244.1.9:3306에 도착',
    observed: 'node01에서, 10.244.1.3 → 10.103.132.104:3306 패킷: 10.244.1.2:3306에 도착',
  });
});

test('the report repeats the question in Korean', async () => {
  const question = { en: 'Which?', ko: '어느 것입니까?' };
  const report = await inKorean({ type: 'answer', question, equals: 'x' }, {});
  expect(report.tasks[0]?.checks[0]).toMatchObject({
    expected: '올바른 답: 어느 것입니까?',
    observed: '아직 답하지 않음',
  });
});
