// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { hashAnswers } from '../../../../src/host/grade/hashed.ts';
import { component, dbRules, gradeCheck, link, objects } from '../world.ts';

describe('an answer check', () => {
  const question = { type: 'answer', question: 'Which?' };
  const answers = (value: string) => ({ answers: { 'task/check': value }, verified: {}, begun: [] });

  test('fails without an answer', async () => {
    expect(await gradeCheck({ ...question, equals: 'none' }, {})).toMatchObject({
      outcome: 'fail',
      observed: 'not answered yet',
    });
  });

  test("gives the lab's hint only for a wrong answer", async () => {
    const check = { ...question, equals: 'none', hint: { en: 'Your answer is out of date.' } };
    expect(await gradeCheck(check, {})).toMatchObject({ hint: 'labs answer 1' });
    expect(await gradeCheck(check, {}, answers('all'))).toMatchObject({ hint: 'Your answer is out of date.' });
  });

  test.each([
    ['none', { equals: ['nobody', 'none'] }],
    ['  NONE. ', { equals: 'none' }],
    ['"10.96.0.0/12"', { equals: '10.96.0.0/12' }],
    ['not in the valid range', { matches: '/valid range/' }],
    ['10.103.132.104', { equals: '${service/db-service:.spec.clusterIP}' }],
  ])('accepts %j', async (answer, expectation) => {
    expect((await gradeCheck({ ...question, ...expectation }, { objects }, answers(answer))).outcome).toBe('pass');
  });

  test.each([{ equals: 'none' }, { matches: '/none/' }, { choices: [{ id: 'none', text: 'None' }], equals: 'none' }])(
    'judges an answer anew although it is on record as right: %j',
    async (expectation) => {
      const student = { ...answers('banana'), verified: { 'task/check': 'banana' } };
      expect((await gradeCheck({ ...question, ...expectation }, {}, student)).outcome).toBe('fail');
    },
  );

  describe('with salted hashes', () => {
    test.each([
      [['none'], '  NONE. '],
      [['10.244.1.2:3306'], 'to:10.244.1.2 port 3306'],
      [[5, '10.96.0.0/12'].map(String), 'five rules'],
      [[5, '10.96.0.0/12'].map(String), '10.96.0.0 - 10.111.255.255'],
    ])('judges as equals does: %j', async (equals, answer) => {
      const check = { ...question, hash: await hashAnswers(equals) };
      expect((await gradeCheck(check, {}, answers(answer))).outcome).toBe('pass');
      expect((await gradeCheck(check, {}, answers('7'))).outcome).toBe('fail');
    });

    test('says which form an answer has that is not understood', async () => {
      const hash = await hashAnswers(['10.244.1.2']);
      const [asHash, asText] = await Promise.all(
        [{ hash }, { equals: '10.244.1.2' }].map((right) => gradeCheck({ ...question, ...right }, {}, answers('x'))),
      );
      expect(asHash).toMatchObject({ observed: '"x" was not understood', hint: asText?.hint });
    });

    test('judges an answer anew although it is on record as right', async () => {
      const student = { ...answers('banana'), verified: { 'task/check': 'banana' } };
      const check = { ...question, hash: await hashAnswers(['none']) };
      expect((await gradeCheck(check, {}, student)).outcome).toBe('fail');
    });

    test('has another salt each time, and no trace of the answer', async () => {
      const [one, other] = await Promise.all([hashAnswers(['secret']), hashAnswers(['secret'])]);
      expect(one.digests).not.toEqual(other.digests);
      expect(JSON.stringify(one)).not.toContain('secret');
    });
  });

  test('never shows the right answer', async () => {
    const report = await gradeCheck({ ...question, equals: 'secret' }, {}, answers('guess'));
    expect(report.outcome).toBe('fail');
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  test('knows the pod’s veth', async () => {
    const facts = {
      'node01 10.244.1.2': { links: [link({ name: 'eth0', ifindex: 2, peerIndex: 7 })] },
      node01: { links: [link({ name: 'veth-other', ifindex: 2 }), link({ name: 'veth7a', ifindex: 7 })] },
    };
    const check = { ...question, veth: 'pod/db' };
    expect((await gradeCheck(check, { objects, facts }, answers('veth7a'))).outcome).toBe('pass');
    expect((await gradeCheck(check, { objects, facts }, answers('veth7a@if2:'))).outcome).toBe('pass');
    expect((await gradeCheck(check, { objects, facts }, answers('veth-other'))).outcome).toBe('fail');
  });

  test('accepts an answer that was right before the pod got another veth', async () => {
    const student = { ...answers('veth7a'), verified: { 'task/check': 'veth7a' } };
    expect((await gradeCheck({ ...question, veth: 'pod/db' }, {}, student)).outcome).toBe('pass');
    const changed = { ...answers('veth8b'), verified: { 'task/check': 'veth7a' } };
    expect((await gradeCheck({ ...question, veth: 'pod/db' }, {}, changed)).outcome).toBe('fail');
  });

  test('knows chains, flags and gateways of the running cluster', async () => {
    const facts = {
      node01: {
        iptables: dbRules,
        routes: [{ destination: '10.244.2.0/24', gateway: '192.168.56.12', type: 'unicast' }],
        processes: [component('kube-apiserver', ['--service-cluster-ip-range=10.96.0.0/12'])],
      },
    };
    const rule = { on: 'node/node01', field: 'chain', target: 'DNAT', comment: '/^default\\/db-service$/' };
    const flag = { on: 'node/node01', process: 'kube-apiserver', flag: '--service-cluster-ip-range' };
    const gateway = { on: 'node/node01', to: '10.244.2.0/24' };
    expect((await gradeCheck({ ...question, rule }, { facts }, answers('KUBE-SEP-DB'))).outcome).toBe('pass');
    expect((await gradeCheck({ ...question, flag }, { facts }, answers('10.96.0.0/12'))).outcome).toBe('pass');
    expect((await gradeCheck({ ...question, gateway }, { facts }, answers('192.168.56.12'))).outcome).toBe('pass');
  });
});
