// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { LabError } from '../../../../src/kit/error.ts';
import { gradeCheck, lost, objects, pod, type World } from '../world.ts';

const answered = { ok: true, status: 200, body: 'I am orange', remote: '', local: '', milliseconds: 1 } as const;

describe('an http check', () => {
  const check = { type: 'http', from: 'pod/blue', url: 'http://10.96.0.1/', body: 'orange' };

  test('passes on the right answer and shows the answer', async () => {
    const report = await gradeCheck(check, { objects, http: () => answered });
    expect(report).toMatchObject({ outcome: 'pass', points: 1, observed: expect.stringContaining('I am orange') });
  });

  test('fails without an answer and gives a hint where to look', async () => {
    const report = await gradeCheck(check, { objects, http: () => lost });
    expect(report).toMatchObject({
      outcome: 'fail',
      points: 0,
      expected: 'pod blue gets 200 from http://10.96.0.1/, with "orange" in the answer',
      observed: expect.stringContaining('no answer in time'),
      hint: expect.stringContaining('`labs trace blue 10.96.0.1:80` shows the whole way.'),
    });
  });

  test.each([
    [{ from: 'client', url: 'https://192.168.56.11/a?b' }, 'labs trace client 192.168.56.11:443'],
    [{ from: 'node/node01', url: 'http://192.168.56.12:30080/' }, 'labs trace node01 192.168.56.12:30080'],
    [{ from: 'pod/shop/cart', url: 'http://orders:8080/' }, 'labs trace shop/cart orders.shop:8080'],
    [{ type: 'tcp', from: 'pod/blue', to: 'db-service:3306' }, 'labs trace blue db-service:3306'],
    [{ type: 'tcp', from: 'pod/blue', to: '10.96.0.1:80' }, 'labs trace blue 10.96.0.1:80'],
  ])(
    'that gets no answer with %j names the command that follows the packet, unless the author hides advice',
    async (written, command) => {
      const lookup = () => ({ ok: true, addresses: ['10.96.0.1'], milliseconds: 1 }) as never;
      const cart = pod('cart', 'node01', '10.244.1.9', {}, 'shop');
      const pods = [...(objects['/api/v1/pods'] ?? []), cart];
      const world = { objects: { ...objects, '/api/v1/pods': pods }, http: () => lost, tcp: () => lost, lookup };
      const checked = { type: 'http', ...written };
      const { hint, outcome } = await gradeCheck(checked, world);
      expect(outcome).toBe('fail');
      expect(hint).toContain(`\`${command}\` shows the whole way.`);
      expect((await gradeCheck({ ...checked, reveal: 'symptom' }, world)).hint).toBeUndefined();
    },
  );

  test('fails when something else has given the right answer', async () => {
    const elsewhere = { ok: false, failure: 'elsewhere', message: '' } as const;
    expect(await gradeCheck(check, { objects, http: () => elsewhere })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('no packet of the request leave for it and arrive at an endpoint'),
    });
  });

  test('fails when the status of the sending pod has no address but another text', async () => {
    const world = { objects: { '/api/v1/pods': [pod('blue', 'node01', '/.*/')] }, http: () => answered };
    expect(await gradeCheck(check, world)).toMatchObject({
      outcome: 'fail',
      observed: "pod blue isn't running: Running",
    });
  });

  test('fails when the sending pod does not exist, also with not', async () => {
    for (const not of [false, true]) {
      const report = await gradeCheck({ ...check, not }, { objects: {}, http: () => lost });
      expect(report).toMatchObject({ outcome: 'fail', observed: 'there is no pod blue' });
    }
  });

  test('passes with not when no answer comes', async () => {
    expect(await gradeCheck({ ...check, not: true }, { objects, http: () => lost })).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck({ ...check, not: true }, { objects, http: () => answered })).toMatchObject({
      outcome: 'fail',
    });
  });

  test('resolves names as the pod does and keeps the name as the Host header', async () => {
    const asked: string[] = [];
    const world: World = {
      objects,
      lookup: (at, name) => {
        asked.push(`${at} ${name}`);
        return { ok: true, addresses: ['10.96.7.7'] };
      },
      http: (_, url) => ({ ...answered, body: `orange at ${url}` }),
    };
    const report = await gradeCheck({ ...check, url: 'http://orange/' }, world);
    expect(asked).toEqual(['node01 10.244.1.3 orange']);
    expect(report.observed).toContain('orange at http://10.96.7.7/');
  });

  test('is broken when the machine is down', async () => {
    const report = await gradeCheck({ ...check, from: 'client' }, { objects, stopped: ['client'] });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringContaining("client isn't running") });
  });

  test('is broken and names the machine when it stops while the lab is graded', async () => {
    const http = () => {
      throw new LabError('FABRIC_NO_MACHINE', 'process 7 is not a machine');
    };
    const report = await gradeCheck({ ...check, from: 'client' }, { objects, http });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringMatching(/^client isn't running/) });
  });

  test('fills in templates from objects and fails when the object does not exist', async () => {
    const templated = { ...check, url: 'http://${service/db-service:.spec.clusterIP}:3306/' };
    const seen: string[] = [];
    const http: World['http'] = (_, url) => {
      seen.push(url);
      return answered;
    };
    expect((await gradeCheck(templated, { objects, http })).outcome).toBe('pass');
    expect(seen).toEqual(['http://10.103.132.104:3306/']);
    const without = { ...objects, '/api/v1/services': [] };
    expect(await gradeCheck(templated, { objects: without, http })).toMatchObject({
      outcome: 'fail',
      observed: 'there is no service db-service',
    });
  });
});
