// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { gradeCheck, pod, type World } from '../world.ts';

const policies = '/apis/networking.k8s.io/v1/networkpolicies';
const db = {
  ...pod('db', 'node02', '10.244.2.2', { app: 'db' }),
  spec: { nodeName: 'node02', containers: [{ name: 'db', ports: [{ name: 'mysql', containerPort: 3306 }] }] },
};
const host = pod('host', 'node01', '192.168.56.11', { app: 'blue' });
const worldWith = (...found: readonly object[]): World => ({
  objects: {
    '/api/v1/pods': [
      pod('blue', 'node01', '10.244.1.3', { app: 'blue' }),
      pod('red', 'node01', '10.244.1.4', { app: 'red' }),
      pod('cart', 'node01', '10.244.1.5', { app: 'cart' }, 'shop'),
      { ...host, spec: { ...host.spec, hostNetwork: true } },
      db,
    ],
    '/api/v1/namespaces': [{ metadata: { name: 'default' } }, { metadata: { name: 'shop', labels: { team: 'red' } } }],
    [policies]: found,
  },
});
const onlyBlue = {
  metadata: { name: 'only-blue', namespace: 'default' },
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'blue' } } }], ports: [{ port: 'mysql' }] }],
  },
};
const world = worldWith(onlyBlue);
const check = { type: 'policy', from: 'pod/blue', to: 'pod/db', port: 3306 };

describe('a policy check', () => {
  test.each([
    [{}],
    [{ port: 'mysql' }],
    [{ port: '${pod/db:.spec.containers[0].ports[0].containerPort}' }],
    [{ from: ['pod/red', 'pod/shop/cart', 'client', 'node/node01', 'pod/host'], expect: 'denied' }],
    [{ port: 80, expect: 'denied' }],
    [{ protocol: 'udp', expect: 'denied' }],
    [{ from: 'node/node02' }],
    [{ from: 'pod/db', to: ['pod/blue', 'client'], port: 1 }],
    [{ from: 'pod/red', not: true }],
  ])('holds for %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [{ expect: 'denied' }],
    [{ from: ['pod/blue', 'pod/red'] }],
    [{ from: ['pod/blue', 'pod/red'], expect: 'denied' }],
    [{ from: 'node/*', expect: 'denied' }],
    [{ not: true }],
  ])('does not hold for %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'fail' });
  });

  test('says which policy isolates the pod', async () => {
    expect(await gradeCheck({ ...check, from: 'pod/shop/cart' }, world)).toMatchObject({
      outcome: 'fail',
      expected: 'the network policies allow traffic from pod shop/cart to pod db, port 3306/tcp',
      observed:
        'pod shop/cart → pod db, port 3306/tcp: denied. pod db is isolated for ingress by only-blue, and no rule there allows this',
      hint: 'kubectl describe networkpolicies -n default',
    });
  });

  test('says which policy allows the traffic, or that none isolates the pod', async () => {
    expect(await gradeCheck({ ...check, expect: 'denied' }, world)).toMatchObject({
      observed:
        'pod blue → pod db, port 3306/tcp: allowed. No policy isolates pod blue for egress. only-blue allows it (ingress)',
    });
    expect(await gradeCheck({ ...check, expect: 'denied' }, worldWith())).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('No policy isolates pod db for ingress'),
      hint: 'kubectl get networkpolicies -A',
    });
  });

  test('says nothing about policies of machines, which have none', async () => {
    const observed = async (from: string, to: string) => (await gradeCheck({ ...check, from, to }, world)).observed;
    expect(await observed('client', 'pod/red')).toBe(
      'client → pod red, port 3306/tcp: allowed. No policy isolates pod red for ingress',
    );
    expect(await observed('client', 'node/node01')).toContain('allowed. Policies are about pods');
    expect(await observed('node/node02', 'pod/db')).toContain('allowed. A node always reaches its own pods');
  });

  test('looks at the labels of namespaces', async () => {
    const teams = {
      ...onlyBlue,
      spec: { ...onlyBlue.spec, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }] }] },
    };
    expect((await gradeCheck({ ...check, from: 'pod/shop/cart' }, worldWith(teams))).outcome).toBe('pass');
    expect((await gradeCheck(check, worldWith(teams))).outcome).toBe('fail');
  });

  test('never passes where a pod or a port does not exist', async () => {
    for (const wanted of [
      { from: 'pod/nobody' },
      { to: 'pod/nobody' },
      { port: 'http' },
      { to: 'client', port: 'http' },
    ])
      for (const more of [{}, { expect: 'denied' }, { not: true }])
        expect(await gradeCheck({ ...check, ...wanted, ...more }, world)).toMatchObject({ outcome: 'fail' });
  });
});
