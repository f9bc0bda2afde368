import { describe, expect, test } from 'vitest';
import { kubectlArguments } from '../../../../src/host/grade/reference.ts';
import { LabError } from '../../../../src/kit/error.ts';
import { component, gradeCheck, objects, service } from '../world.ts';

describe('an object check', () => {
  const check = {
    type: 'object',
    object: 'service/db-service',
    where: [{ path: '.spec.ports[*].port', equals: 3306 }],
  };

  test('passes when the object has the value', async () => {
    expect((await gradeCheck(check, { objects })).outcome).toBe('pass');
  });

  test('fails and shows the value that the object has', async () => {
    const other = { ...objects, '/api/v1/services': [service('db-service', '10.103.132.104', 5432)] };
    expect(await gradeCheck(check, { objects: other })).toMatchObject({
      outcome: 'fail',
      expected: 'service db-service exists, with .spec.ports[*].port = 3306',
      observed: 'service db-service is there: .spec.ports[*].port = 5432',
      hint: 'kubectl get service db-service -o yaml',
    });
  });

  test.each([
    ['pod/db', 'pod db'],
    ['pod/shop/cart', 'pod cart -n shop'],
    ['pod/shop/app=cart', 'pod -l app=cart -n shop'],
  ])('names %s for kubectl as %s', (reference, words) => expect(kubectlArguments(reference)).toBe(words));

  test('finds an object by label and prefers a ready one', async () => {
    const check = { type: 'object', object: 'pod/default/app=db', where: [{ path: '.metadata.name', equals: 'db' }] };
    expect((await gradeCheck(check, { objects })).outcome).toBe('pass');
  });

  test('believes the status of a pod only if its node has a namespace with the address of the pod', async () => {
    const runs = { type: 'object', object: 'pod/db', where: [{ path: '.status.phase', equals: 'Running' }] };
    const facts = { 'node01 10.244.1.2': { listeners: [] } };
    expect(await gradeCheck(runs, { objects, facts })).toMatchObject({ outcome: 'pass' });
    const fabric = () => {
      throw new LabError('FABRIC_NO_POD', 'no network namespace on node01 has the address 10.244.1.2');
    };
    expect(
      await gradeCheck(runs, { objects, facts: Object.defineProperty({}, 'node01 10.244.1.2', { get: fabric }) }),
    ).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('no network namespace of its own'),
    });
  });

  describe('with history', () => {
    const [present, past] = ['/api/v1/services', '/debug/deleted/api/v1/services'];
    const temp = service('temp', '10.96.7.7', 8080);
    const created = { type: 'object', object: 'service/temp', history: 'created' };
    const deleted = { ...created, history: 'deleted' };

    test.each([
      ['never existed', {}, 'fail', 'fail'],
      ['exists', { [present]: [temp] }, 'pass', 'fail'],
      ['was deleted', { [past]: [temp] }, 'pass', 'pass'],
      ['was deleted in another namespace', { [past]: [service('temp', '10.96.7.7', 80, 'shop')] }, 'fail', 'fail'],
    ])('judges an object that %s', async (_, lists, asCreated, asDeleted) => {
      expect((await gradeCheck(created, { objects: lists })).outcome).toBe(asCreated);
      expect((await gradeCheck(deleted, { objects: lists })).outcome).toBe(asDeleted);
    });

    test('compares the last state, and says what the API server remembers', async () => {
      const check = { ...deleted, where: [{ path: '.spec.ports[0].port', equals: 80 }] };
      expect(await gradeCheck(check, { objects: { [past]: [temp] } })).toMatchObject({
        outcome: 'fail',
        expected: 'service temp was deleted, with .spec.ports[0].port = 80',
        observed: 'service temp was deleted: .spec.ports[0].port = 8080',
      });
      expect((await gradeCheck(deleted, { objects: {} })).observed).toBe('no service temp was created');
    });
  });

  test('fails when the student stopped the API server', async () => {
    const kube = () => {
      throw new Error('connect ECONNREFUSED');
    };
    const report = await gradeCheck(check, { kube, facts: { controlplane: { processes: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining("kube-apiserver doesn't run") });
  });

  test.each([
    ['was stopped by SIGSTOP', component('kube-apiserver', [], { state: 'stopped' })],
    ['is another program of that name', component('kube-apiserver', [], { unit: 'user@0.service' })],
  ])('fails when the API server %s', async (_how, process) => {
    const kube = () => ({ status: 500, body: { message: 'no answer' } });
    const report = await gradeCheck(check, { kube, facts: { controlplane: { processes: [process] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining("kube-apiserver doesn't run") });
  });

  test('is broken when the API server runs without answering', async () => {
    const kube = () => ({ status: 500, body: { message: 'disk full' } });
    const processes = [component('kube-apiserver')];
    const report = await gradeCheck(check, { kube, facts: { controlplane: { processes } } });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringContaining('disk full') });
  });
});
