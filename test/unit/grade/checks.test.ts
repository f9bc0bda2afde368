// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import type { LinkFact } from '../../../src/api/fabric.ts';
import { dbRules, gradeCheck, noRules, pod, service, type World } from './world.ts';

const objects: World['objects'] = {
  '/api/v1/pods': [pod('blue', 'node01', '10.244.1.3'), pod('db', 'node01', '10.244.1.2', { app: 'db' })],
  '/api/v1/services': [service('db-service', '10.103.132.104', 3306)],
  '/apis/discovery.k8s.io/v1/endpointslices': [
    {
      metadata: { name: 'db-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db-service' } },
      endpoints: [{ addresses: ['10.244.1.2'] }, { addresses: ['10.244.9.9'], conditions: { ready: false } }],
      ports: [{ port: 3306 }],
    },
  ],
};
const link = (over: Partial<LinkFact>): LinkFact => ({
  ifindex: 1,
  name: 'eth0',
  kind: 'veth',
  up: true,
  mac: '',
  mtu: 1500,
  addresses: [],
  ...over,
});
const inet = (address: string, prefix = 24) => ({ address, prefix, family: 'inet' as const });
const answered = { ok: true, status: 200, body: 'I am orange', remote: '', local: '', milliseconds: 1 } as const;
const lost = { ok: false, failure: 'timeout', message: 'timed out' } as const;
const everyNode = (
  facts: World['facts'] extends infer F | undefined ? (F extends Record<string, infer V> ? V : never) : never,
) => ({
  controlplane: facts,
  node01: facts,
  node02: facts,
});

describe('an http check', () => {
  const check = { type: 'http', from: 'pod/blue', url: 'http://10.96.0.1/', body: 'orange' };

  test('passes on the right answer, and shows it', async () => {
    const report = await gradeCheck(check, { objects, http: () => answered });
    expect(report).toMatchObject({ outcome: 'pass', points: 1, observed: expect.stringContaining('I am orange') });
  });

  test('fails when the answer never comes, and says how far the packet may have come', async () => {
    const report = await gradeCheck(check, { objects, http: () => lost });
    expect(report).toMatchObject({
      outcome: 'fail',
      points: 0,
      expected: 'pod blue gets 200 from http://10.96.0.1/, with "orange" in the answer',
      observed: expect.stringContaining('no answer in time'),
      hint: expect.stringContaining('iptables-save'),
    });
  });

  test('fails when the pod it starts from is not there, also when turned round', async () => {
    for (const not of [false, true]) {
      const report = await gradeCheck({ ...check, not }, { objects: {}, http: () => lost });
      expect(report).toMatchObject({ outcome: 'fail', observed: 'there is no pod blue' });
    }
  });

  test('turned round, passes when the answer never comes', async () => {
    expect(await gradeCheck({ ...check, not: true }, { objects, http: () => lost })).toMatchObject({ outcome: 'pass' });
    expect(await gradeCheck({ ...check, not: true }, { objects, http: () => answered })).toMatchObject({
      outcome: 'fail',
    });
  });

  test('asks the cluster’s DNS for names as the pod would, and keeps the name in the Host header’s place', async () => {
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

  test('is broken, not failed, when the machine doesn’t run', async () => {
    const report = await gradeCheck({ ...check, from: 'client' }, { objects, stopped: ['client'] });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringContaining("client isn't running") });
  });

  test('fills templates in from objects, and fails when there is no such object', async () => {
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

test('turned round, from every node, one node that gets through is one too many', async () => {
  const check = { type: 'tcp', from: 'node/*', to: '10.0.0.1:80', not: true };
  const tcp: World['tcp'] = (at) => (at === 'node02' ? { ok: true, remote: '', milliseconds: 1, banner: '' } : lost);
  expect(await gradeCheck(check, { tcp })).toMatchObject({
    outcome: 'fail',
    observed: 'node02 connected to 10.0.0.1:80',
  });
});

describe('a tcp check', () => {
  const check = { type: 'tcp', from: 'client', to: '10.103.132.104:3306', banner: '/mariadb/i' };

  test('passes when the server greets as expected', async () => {
    const tcp: World['tcp'] = () => ({ ok: true, remote: '', milliseconds: 1, banner: 'Z\0\0\n11.8-MariaDB' });
    expect(await gradeCheck(check, { tcp })).toMatchObject({
      outcome: 'pass',
      observed: expect.stringContaining('MariaDB'),
    });
  });

  test('fails when it is refused, and says what that means', async () => {
    const tcp: World['tcp'] = () => ({ ok: false, failure: 'refused', message: '' });
    expect(await gradeCheck(check, { tcp })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('connection refused'),
    });
  });
});

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

  test('fails with both addresses when it resolves to another', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.1.1.1'] }) };
    expect(await gradeCheck(check, world)).toMatchObject({
      outcome: 'fail',
      expected: 'pod blue resolves db-service to 10.103.132.104',
      observed: 'pod blue resolves db-service to 10.1.1.1',
    });
  });
});

describe('an iptables check', () => {
  const rules = {
    type: 'iptables',
    on: 'node/*',
    rules: { comment: 'default/db-service', target: 'DNAT', to: '10.244.1.2:3306' },
  };
  const packet = {
    type: 'iptables',
    on: 'node/*',
    packet: { from: 'pod/blue', to: '10.103.132.104:3306', lands: 'endpoints/db-service' },
  };
  const good = everyNode({ iptables: dbRules, links: [] });

  test('passes when every node has the rule', async () => {
    expect(await gradeCheck(rules, { facts: good })).toMatchObject({ outcome: 'pass' });
  });

  test('names the node that lacks it', async () => {
    const report = await gradeCheck(rules, { facts: { ...good, node02: { iptables: noRules, links: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node02 has no such rule' });
  });

  test('counts: none may be left', async () => {
    const none = { ...rules, count: 0 };
    expect((await gradeCheck(none, { facts: good })).outcome).toBe('fail');
    expect((await gradeCheck(none, { facts: everyNode({ iptables: noRules, links: [] }) })).outcome).toBe('pass');
  });

  test('judges by what a packet would do', async () => {
    expect(await gradeCheck(packet, { objects, facts: good })).toMatchObject({ outcome: 'pass' });
  });

  test('shows the lying rule when a packet goes astray', async () => {
    const bent = dbRules.replace('--to-destination 10.244.1.2:3306', '--to-destination 10.244.1.2:8888');
    const report = await gradeCheck(packet, { objects, facts: { ...good, node01: { iptables: bent, links: [] } } });
    expect(report).toMatchObject({
      outcome: 'fail',
      expected: expect.stringContaining('a packet from pod blue to 10.103.132.104:3306 goes to'),
      observed: 'on node01, a packet from 10.244.1.3 to 10.103.132.104:3306 goes to 10.244.1.2:8888',
      hint: expect.stringContaining('10.244.1.2:8888'),
    });
  });

  test('a packet that no rule changes is a failure that names the missing kube-proxy', async () => {
    const report = await gradeCheck(packet, { objects, facts: everyNode({ iptables: noRules, links: [] }) });
    expect(report).toMatchObject({ outcome: 'fail', hint: expect.stringContaining('Does kube-proxy run there') });
  });

  test('is broken when the fabric can’t look', async () => {
    expect(await gradeCheck(rules, {})).toMatchObject({ outcome: 'broken', points: 0 });
  });
});

describe('a link check', () => {
  const check = { type: 'link', on: 'node/node01', kind: 'bridge', name: 'cni0', address: '10.244.1.1', up: true };
  const bridge = link({ name: 'cni0', kind: 'bridge', addresses: [inet('10.244.1.1')] });

  test('passes when the interface is there', async () => {
    expect((await gradeCheck(check, { facts: { node01: { links: [bridge] } } })).outcome).toBe('pass');
  });

  test('fails when it is down', async () => {
    const report = await gradeCheck(check, { facts: { node01: { links: [{ ...bridge, up: false }] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('none') });
  });

  test('looks into every namespace when asked to', async () => {
    const everywhere = { type: 'link', on: 'node/*', everywhere: true, address: '10.103.132.104', not: true };
    const empty = everyNode({ namespaces: [{ id: 'net:[1]', links: [link({})] }] });
    expect((await gradeCheck(everywhere, { facts: empty })).outcome).toBe('pass');
    const owned = {
      id: 'net:[2]',
      links: [link({ name: 'dummy0', kind: 'dummy', addresses: [inet('10.103.132.104', 32)] })],
    };
    const report = await gradeCheck(everywhere, { facts: { ...empty, node02: { namespaces: [owned] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('node02 has dummy0') });
  });
});

test('a route check compares the next hop', async () => {
  const check = { type: 'route', on: 'node/node01', to: '10.244.2.0/24', via: '192.168.56.12' };
  const route = { destination: '10.244.2.0/24', gateway: '192.168.56.12', device: 'eth0', type: 'unicast' };
  expect((await gradeCheck(check, { facts: { node01: { routes: [route] } } })).outcome).toBe('pass');
  const wrong = { ...route, gateway: '192.168.56.10' };
  expect(await gradeCheck(check, { facts: { node01: { routes: [wrong] } } })).toMatchObject({
    outcome: 'fail',
    observed: 'node01: 10.244.2.0/24 via 192.168.56.10 dev eth0',
  });
});

describe('an object check', () => {
  const check = {
    type: 'object',
    object: 'service/db-service',
    where: [{ path: '.spec.ports[*].port', equals: 3306 }],
  };

  test('passes when the object has the value', async () => {
    expect((await gradeCheck(check, { objects })).outcome).toBe('pass');
  });

  test('fails with the value that is there', async () => {
    const other = { ...objects, '/api/v1/services': [service('db-service', '10.103.132.104', 5432)] };
    expect(await gradeCheck(check, { objects: other })).toMatchObject({
      outcome: 'fail',
      expected: 'service db-service exists, with .spec.ports[*].port = 3306',
      observed: 'service db-service is there: .spec.ports[*].port = 5432',
    });
  });

  test('finds by label, the ready one first', async () => {
    const check = { type: 'object', object: 'pod/default/app=db', where: [{ path: '.metadata.name', equals: 'db' }] };
    expect((await gradeCheck(check, { objects })).outcome).toBe('pass');
  });

  test('fails when the student stopped the API server', async () => {
    const kube = () => {
      throw new LabErrorLike('connect ECONNREFUSED');
    };
    const report = await gradeCheck(check, { kube, facts: { controlplane: { processes: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining("kube-apiserver doesn't run") });
  });

  test('is broken when the API server runs and doesn’t answer', async () => {
    const kube = () => ({ status: 500, body: { message: 'disk full' } });
    const processes = [{ pid: 7, command: 'kube-apiserver', arguments: [], networkNamespace: '' }];
    const report = await gradeCheck(check, { kube, facts: { controlplane: { processes } } });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringContaining('disk full') });
  });
});

class LabErrorLike extends Error {}

describe('a process check', () => {
  const check = { type: 'process', on: 'node/node02', name: 'kube-proxy', arguments: '/(^|\\s)-v=6(\\s|$)/' };
  const running = (...argv: string[]) => ({
    node02: { processes: [{ pid: 9, command: 'kube-proxy', arguments: argv, networkNamespace: '' }], listeners: [] },
  });

  test('passes when it runs with the argument', async () => {
    expect((await gradeCheck(check, { facts: running('--config=/x', '-v=6') })).outcome).toBe('pass');
  });

  test('fails with the command line that runs', async () => {
    const report = await gradeCheck(check, { facts: running('--config=/x', '-v=4') });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node02 runs: kube-proxy --config=/x -v=4' });
  });

  test('fails when it doesn’t run, with the next thing to do', async () => {
    const report = await gradeCheck(check, { facts: { node02: { processes: [], listeners: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', hint: expect.stringContaining('systemctl status kube-proxy') });
  });

  test('looks at listeners alone where no program is named', async () => {
    const nobody = { type: 'process', on: 'node/node02', listening: '10.103.132.104:3306', not: true };
    const listening = {
      node02: { processes: [], listeners: [{ protocol: 'tcp' as const, address: '0.0.0.0', port: 3306 }] },
    };
    expect((await gradeCheck(nobody, { facts: { node02: { processes: [], listeners: [] } } })).outcome).toBe('pass');
    expect((await gradeCheck(nobody, { facts: listening })).outcome).toBe('fail');
  });
});

test('a file check tells a missing file from a wrong one', async () => {
  const check = { type: 'file', on: 'node/node01', path: '/etc/x', content: 'yes' };
  expect((await gradeCheck(check, { files: { 'node01:/etc/x': 'yes\n' } })).outcome).toBe('pass');
  expect(await gradeCheck(check, { files: { 'node01:/etc/x': 'no\n' } })).toMatchObject({
    outcome: 'fail',
    observed: '/etc/x on node01: no',
  });
  expect(await gradeCheck(check, {})).toMatchObject({ outcome: 'fail', observed: 'node01 has no file /etc/x' });
});

test('a log check finds its line on every node', async () => {
  const check = { type: 'log', on: 'node/*', path: '/var/log/p.log', line: '/Adding.*temp/' };
  const all = { 'controlplane:/var/log/p.log': 'Adding temp', 'node01:/var/log/p.log': 'Adding temp' };
  expect((await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\nAdding temp\n' } })).outcome).toBe(
    'pass',
  );
  expect(await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\n' } })).toMatchObject({
    outcome: 'fail',
    observed: '/var/log/p.log on node02 has no such line',
  });
});

describe('an answer check', () => {
  const question = { type: 'answer', question: 'Which?' };
  const answers = (value: string) => ({ answers: { 'task/check': value }, verified: {}, begun: [] });

  test('fails without an answer', async () => {
    expect(await gradeCheck({ ...question, equals: 'none' }, {})).toMatchObject({
      outcome: 'fail',
      observed: 'not answered yet',
    });
  });

  test('gives its own hint for a wrong answer only', async () => {
    const check = { ...question, equals: 'none', hint: { en: 'Your answer is out of date.' } };
    expect(await gradeCheck(check, {})).toMatchObject({ hint: 'labs answer task' });
    expect(await gradeCheck(check, {}, answers('all'))).toMatchObject({ hint: 'Your answer is out of date.' });
  });

  test.each([
    ['none', { equals: ['nobody', 'none'] }],
    ['  NONE. ', { equals: 'none' }],
    ['"10.96.0.0/12"', { equals: '10.96.0.0/12' }],
    ['not in the valid range', { matches: '/valid range/' }],
    ['10.103.132.104', { equals: '${service/db-service:.spec.clusterIP}' }],
  ])('takes %j as right', async (answer, expectation) => {
    expect((await gradeCheck({ ...question, ...expectation }, { objects }, answers(answer))).outcome).toBe('pass');
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

  test('keeps an answer that was found right, though a restarted pod has another veth by now', async () => {
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
        processes: [
          {
            pid: 1,
            command: 'kube-apiserver',
            arguments: ['--service-cluster-ip-range=10.96.0.0/12'],
            networkNamespace: '',
          },
        ],
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
