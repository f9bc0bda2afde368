// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../../src/api/core-pods.ts';
import type { LookupProbe } from '../../../../src/api/probes.ts';
import { gradeCheck, objects, service, type World } from '../world.ts';

describe('a lookup check', () => {
  const check = {
    type: 'lookup',
    from: 'pod/blue',
    name: 'db-service',
    address: '${service/db-service:.spec.clusterIP}',
  };

  test('passes when the name resolves to the address', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.103.132.104'] }) };
    expect((await gradeCheck(check, world)).outcome).toBe('pass');
  });

  test('fails and shows both addresses when the name resolves to another address', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.1.1.1'] }) };
    expect(await gradeCheck(check, world)).toMatchObject({
      outcome: 'fail',
      expected: 'pod blue resolves db-service to 10.103.132.104',
      observed: 'pod blue resolves db-service to 10.1.1.1',
    });
  });

  test('shows a pattern as a text that it matches', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.1.1.1'] }) };
    const pattern = String.raw`/^.*\.web\.default\.svc:8080$/`;
    expect(await gradeCheck({ ...check, address: pattern }, world)).toMatchObject({
      outcome: 'fail',
      expected: 'pod blue resolves db-service to ….web.default.svc:8080',
    });
  });

  const blue = {
    ...(objects['/api/v1/pods']?.[0] as Pod),
    metadata: { name: 'blue', namespace: 'default', uid: 'a-1' },
  };
  const withUid = {
    ...objects,
    '/api/v1/pods': [blue],
    '/api/v1/services': [...(objects['/api/v1/services'] ?? []), service('kube-dns', '10.96.0.10', 53, 'kube-system')],
  };
  const resolvConf = (content: string) => ({ 'node01:/var/lib/kubelet/pods/a-1/resolv.conf': content });
  const right = { ok: true, addresses: ['10.103.132.104'], tries: 2 } as const;

  test('asks the name server of the pod, with the search list of the pod', async () => {
    const asked: Partial<LookupProbe>[] = [];
    const lookup: World['lookup'] = (_at, _name, probe) => {
      asked.push(probe);
      return right;
    };
    const files = resolvConf(
      'search shop.svc.cluster.local. . svc\nnameserver 10.96.0.10\noptions ndots:2 timeout:1\n',
    );
    expect(await gradeCheck({ ...check, record: 'SRV' }, { objects: withUid, lookup, files })).toMatchObject({
      outcome: 'pass',
    });
    expect(asked).toMatchObject([
      {
        name: 'db-service',
        record: 'SRV',
        nameserver: '10.96.0.10',
        search: { domains: ['shop.svc.cluster.local', 'svc'], ndots: 2 },
      },
    ]);
  });

  test('fails when no name server of the pod answers, and asks the next one after a silent one', async () => {
    const lookup: World['lookup'] = (_at, _name, { nameserver }) =>
      nameserver === '10.96.0.10'
        ? right
        : { ok: false, failure: 'timeout', message: `the name server ${nameserver} did not answer` };
    const graded = (content: string) => gradeCheck(check, { objects: withUid, lookup, files: resolvConf(content) });
    expect(await graded('nameserver 10.96.0.53\n')).toMatchObject({ outcome: 'fail' });
    expect(await graded('nameserver 10.96.0.53\nnameserver 10.96.0.10\n')).toMatchObject({ outcome: 'pass' });
    expect(await graded('search svc.cluster.local\n')).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('has no name server'),
    });
  });

  test('counts the names that the resolver asks for', async () => {
    const world: World = { objects, lookup: () => right };
    expect((await gradeCheck({ ...check, tries: { max: 2 } }, world)).outcome).toBe('pass');
    expect(await gradeCheck({ ...check, tries: 1 }, world)).toMatchObject({
      outcome: 'fail',
      expected: 'pod blue resolves db-service to 10.103.132.104 and asks for exactly 1 name',
      observed: 'pod blue resolves db-service to 10.103.132.104 and asks for 2 names',
    });
  });
});
