// Which wrong solutions labs derives from what the checks of a task look at, and which of them are tried together.
import { expect, test } from 'vitest';
import type { CheckDefinition, LabDefinition, TaskDefinition } from '../../../src/api/lab.ts';
import { judge } from '../../../src/host/instructor/test/again.ts';
import type { Course, Outcomes } from '../../../src/host/instructor/test/course.ts';
import { byHand } from '../../../src/host/instructor/test/mutants/by-hand.ts';
import type { Derivation, Mutant } from '../../../src/host/instructor/test/mutants/mutant.ts';
import { deletionsIn, nftOnNodes } from '../../../src/host/instructor/test/mutants/nft.ts';
import { targetPort } from '../../../src/host/instructor/test/mutants/ports.ts';
import { hasRules, oneNode, rule } from '../../../src/host/instructor/test/mutants/rules.ts';
import {
  type Objects,
  reasonFor,
  type Subject,
  subjectsIn,
  subjectsOf,
} from '../../../src/host/instructor/test/mutants/subjects.ts';
import { batchesOf } from '../../../src/host/instructor/test/mutants/try.ts';
import { testWords } from '../../../src/host/instructor/test/words.ts';

const service = (
  namespace: string,
  name: string,
  clusterIP: string,
  nodePort?: number,
): Objects['services'][number] => ({
  metadata: { namespace, name },
  spec: { clusterIP, selector: { app: name }, ports: [{ port: 80, ...(nodePort === undefined ? {} : { nodePort }) }] },
});
const pod = (namespace: string, name: string, nodeName: string): Objects['pods'][number] => ({
  metadata: { namespace, name },
  spec: { nodeName, containers: [] },
});

const objects: Objects = {
  services: [
    service('default', 'kubernetes', '10.96.0.1'),
    service('kube-system', 'kube-dns', '10.96.0.10'),
    service('default', 'web', '10.96.0.20'),
    service('default', 'web-admin', '10.96.0.201'),
    service('shop', 'cart', '10.96.0.30'),
    service('shop', 'till', '10.96.0.40', 31234),
  ],
  pods: [pod('default', 'blue', 'node01'), pod('shop', 'visitor', 'node02')],
  slices: [],
};

const lab = {
  cluster: { nodes: [{ name: 'controlplane' }, { name: 'node01' }, { name: 'node02' }], clients: [] },
} as unknown as LabDefinition;
const machines = [{ name: 'node02', address: '192.168.56.12' }];

const looksAt = (...checks: readonly object[]) => {
  const task = { id: 'task', checks: checks.map((check, id) => ({ id: `${id}`, not: false, ...check })) };
  const subjects = subjectsIn(objects);
  return subjectsOf(lab, task as unknown as TaskDefinition, { subjects, pods: objects.pods, machines });
};

test.each<[string, Partial<CheckDefinition> & Readonly<Record<string, unknown>>, readonly string[]]>([
  ['by its name', { type: 'http', from: 'pod/blue', url: 'http://web/' }, ['default/web']],
  ['by a name in its own namespace', { type: 'http', from: 'pod/shop/visitor', url: 'http://cart/' }, ['shop/cart']],
  ['by its whole name', { type: 'tcp', from: 'pod/blue', to: 'cart.shop.svc.cluster.local:80' }, ['shop/cart']],
  ['not in another namespace', { type: 'http', from: 'pod/blue', url: 'http://cart/' }, []],
  [
    'by a template',
    { type: 'iptables', on: 'node/*', packet: { to: `$\{service/shop/cart:.spec.clusterIP}:80` } },
    ['shop/cart'],
  ],
  ['by its address', { type: 'iptables', on: 'node/*', packet: { to: '10.96.0.20:80' } }, ['default/web']],
  ['by its endpoints', { type: 'iptables', on: 'node/*', packet: { lands: 'endpoints/web' } }, ['default/web']],
  [
    'by the comment of a rule',
    { type: 'iptables', on: 'node/*', rules: { comment: 'default/web-admin' } },
    ['default/web-admin'],
  ],
  ['as an object', { type: 'object', object: 'service/web' }, ['default/web']],
  ['not where it must not be', { type: 'tcp', from: 'pod/blue', to: 'web:80', not: true }, []],
  ['not in a question', { type: 'answer', question: { en: 'default/web?' }, equals: '10.96.0.20' }, []],
  [
    'all of them where a whole node is compared',
    { type: 'twin', on: 'node/node01' },
    ['default/web', 'default/web-admin', 'shop/cart', 'shop/till'],
  ],
])('a check names a service %s', (_, check, services) => {
  expect(looksAt(check).services).toEqual(services);
});

test('the port of a service counts where a check uses it', () => {
  const service = { type: 'object', object: 'service/web' };
  expect(looksAt(service).ports).toEqual([]);
  expect(looksAt({ ...service, where: [{ path: '.spec.ports[*].port', equals: 80 }] }).ports).toEqual(['default/web']);
  const nodePort = `http://192.168.56.12:$\{service/web:.spec.ports[0].nodePort}/`;
  expect(looksAt({ type: 'http', from: 'client', url: nodePort }).ports).toEqual([]);
  expect(looksAt({ type: 'http', from: 'pod/blue', url: 'http://web/' }).ports).toEqual(['default/web']);
});

test('a lookup looks at a service, but not at its packets and ports', () => {
  const lookup = { type: 'lookup', from: 'pod/blue', name: 'web', address: `$\{service/web:.spec.clusterIP}` };
  expect(looksAt(lookup)).toMatchObject({ services: ['default/web'], carried: [], ports: [] });
  const http = { type: 'http', from: 'pod/blue', url: 'http://web/' };
  expect(looksAt(lookup, http)).toMatchObject({ carried: ['default/web'], ports: ['default/web'] });
});

test('no rule is deleted of a headless service, which has none', () => {
  const apply = (clusterIP: string, policies: object = {}) => {
    const cart = service('shop', 'cart', clusterIP);
    const [subject] = subjectsIn({ ...objects, services: [{ ...cart, spec: { ...cart.spec, ...policies } }] });
    const endpoint = { address: '10.244.1.2', port: 80 };
    const nodesOf = { 'shop/cart': ['node01', 'node02'] };
    const task = { ...looksAt({ type: 'http', from: 'node/*', url: 'http://web/' }), carried: ['shop/cart'], nodesOf };
    const from = { tasks: [task], ruleNodes: ['node01', 'node02'], say: { rule: String, oneNode: String } };
    return [rule, oneNode].flatMap((make) =>
      make(from as unknown as Derivation, { ...(subject as Subject), endpoint }),
    );
  };
  expect(apply('10.96.0.30').length).toBeGreaterThan(0);
  expect(apply('None')).toEqual([]);
  // What is right on one node only is wrong all the same.
  expect(apply('10.96.0.30', { internalTrafficPolicy: 'Local' })).toHaveLength(1);
});

test('no target port is changed for a check that looks only at the service itself', () => {
  const apply = (...checks: readonly object[]) => {
    const [subject] = subjectsIn(objects);
    const endpoint = { address: '10.244.1.2', port: 80 };
    const from = { tasks: [looksAt(...checks)], say: { targetPort: String } } as unknown as Derivation;
    return targetPort(from, { ...(subject as Subject), endpoint }).flatMap(({ tasks }) => tasks);
  };
  const element = { type: 'nftables', on: 'node/node01', elements: { set: 'service-ips', has: '10.96.0.20' } };
  expect(apply(element)).toEqual([]);
  // A comparison of all rules carries packets, and a lookup names the service. Neither sees a target port.
  expect(apply({ type: 'twin', on: 'node/node01' }, { type: 'lookup', from: 'pod/blue', name: 'web' })).toEqual([]);
  expect(apply({ type: 'http', from: 'pod/blue', url: 'http://web/' })).toHaveLength(1);
});

test('load balancers are deleted one at a time, because two could get the address of each other', () => {
  const groupsOf = (type: string) => {
    const endpoint = { address: '10.244.1.2', port: 80 };
    const say = { hosts: String, listener: String };
    const task = looksAt({ type: 'http', from: 'pod/blue', url: 'http://web/' }, { type: 'twin', on: 'node/node01' });
    const made = subjectsIn(objects).flatMap((subject) => {
      const balanced = { ...subject.service, spec: { ...subject.service.spec, type } };
      const from = { tasks: [task], say } as unknown as Derivation;
      return byHand(from, { ...subject, service: balanced, endpoint } as Subject);
    });
    return made.map(({ group }) => group);
  };
  expect(groupsOf('ClusterIP')).toEqual(['hosts', 'listener']);
  expect(groupsOf('LoadBalancer')).toEqual(['hosts on default/web', 'listener on default/web']);
});

test('endpoints and a node port say nothing about the port of a service', () => {
  const request = { type: 'tcp', from: 'client', to: '192.168.56.12:30080' };
  expect(looksAt({ ...request, lands: 'endpoints/web' })).toMatchObject({ services: ['default/web'], ports: [] });
  expect(looksAt({ type: 'iptables', on: 'node/*', packet: { to: '10.96.0.20:80', lands: 'endpoints/web' } })).toEqual(
    expect.objectContaining({ ports: ['default/web'] }),
  );
  expect(looksAt({ type: 'tcp', from: 'client', to: '192.168.56.12:31234' })).toMatchObject({
    services: ['shop/till'],
    ports: [],
    nodesOf: { 'shop/till': ['node02'] },
  });
});

test('a service is looked at on the nodes of the checks that name it, not on those of other checks', () => {
  const { nodesOf } = looksAt(
    { type: 'http', from: 'pod/blue', url: 'http://web/' },
    { type: 'http', from: 'pod/shop/visitor', url: 'http://cart/' },
    { type: 'link', on: 'node/controlplane', name: 'cni0' },
  );
  expect(nodesOf).toEqual({ 'default/web': ['node01'], 'shop/cart': ['node02'] });
});

test('each service has the checks and the fields that name it', () => {
  const { mentions } = looksAt(
    { type: 'arrives', from: 'pod/blue', to: '192.168.56.12:30080', lands: 'endpoints/web' },
    { type: 'iptables', on: 'node/*', packet: { to: '10.96.0.30:80' } },
    { type: 'twin', on: 'node/node01' },
  );
  const named = mentions.map(({ service, check, field }) => `${service} ${check} ${field}`);
  expect(named).toContain('default/web 0 lands');
  expect(named).toContain('shop/cart 1 packet.to');
  expect(named).toContain('shop/till 2 type');
});

test('the reason of a wrong solution is a check that sees what it breaks', () => {
  const subjects = looksAt(
    { type: 'object', object: 'service/web' },
    { type: 'tcp', from: 'client', to: '192.168.56.12:30080', lands: 'endpoints/web' },
    { type: 'http', from: 'pod/blue', url: 'http://web/' },
    { type: 'process', on: 'node/node01', name: 'kube-proxy' },
  );
  const why = (group: string, services: readonly string[]) => reasonFor({ group, services }, subjects);
  expect(why('target port', ['default/web'])).toEqual({ check: '0', field: 'object', names: 'default/web' });
  expect(why('port', ['default/web'])).toEqual({ check: '2', field: 'url', names: 'default/web' });
  expect(why('rule on node01', ['default/web'])).toEqual({ check: '2', field: 'url', names: 'default/web' });
  expect(why('stopped on node01', [])).toEqual({ check: '3', field: 'name', names: 'node01/kube-proxy' });
  expect(why('answers', [])).toBeUndefined();
});

test('a check looks at the nodes that it names, those of its callers, and those that it calls', () => {
  expect(looksAt({ type: 'http', from: 'pod/blue', url: 'http://web/' }).nodes).toEqual(['node01']);
  expect(looksAt({ type: 'process', on: 'node/*', name: 'kube-proxy' }).nodes).toHaveLength(3);
  expect(looksAt({ type: 'http', from: 'client', url: 'http://192.168.56.12:30080/' }).nodes).toEqual(['node02']);
});

test('wrong solutions meet if one touches what the task of another is about', () => {
  const mutant = (group: string, task: string): Mutant => ({
    ...{ group, what: `${group} ${task}`, tasks: [task], services: [], undo: [] },
    apply: async () => {},
  });
  const affected = ({ tasks: [task = ''] }: Mutant) => new Set(task === 'a' ? ['a', 'b'] : [task]);
  const batches = batchesOf([mutant('x', 'a'), mutant('x', 'b'), mutant('x', 'c'), mutant('y', 'c')], affected);
  expect(batches.map(({ mutants }) => mutants.map(({ what }) => what))).toEqual([['x a', 'x c'], ['x b'], ['y c']]);
});

test('rules are deleted only on nodes that have them, whatever mode the lab began with', () => {
  expect(hasRules('*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-X\nCOMMIT\n')).toBe(true);
  expect(hasRules('*nat\n-A KUBE-PORTALS-HOST -d 10.96.0.1/32 -j DNAT\nCOMMIT\n')).toBe(false);
  expect(hasRules(undefined)).toBe(false);
});

const inTable = { family: 'ip', table: 'mine' };
const daddr = { payload: { protocol: 'ip', field: 'daddr' } };
const nft = JSON.stringify({
  nftables: [
    { table: { family: 'ip', name: 'mine', handle: 1 } },
    {
      map: {
        ...{ ...inTable, name: 'verdicts' },
        elem: [
          [
            { elem: { val: { concat: ['10.96.0.20', 'tcp', 80] }, comment: 'default/web' } },
            { goto: { target: 'web' } },
          ],
          [{ concat: ['10.96.0.201', 'tcp', 80] }, { goto: { target: 'web' } }],
        ],
      },
    },
    { map: { ...inTable, name: 'node-ports', elem: [[30080, { goto: { target: 'web' } }]] } },
    { set: { ...inTable, name: 'addresses', elem: ['10.96.0.20', '10.96.0.30'] } },
    { rule: { ...inTable, chain: 'pre', handle: 7, expr: [{ match: { left: daddr, right: '10.96.0.20' } }] } },
    { rule: { ...inTable, chain: 'pre', handle: 8, expr: [{ vmap: { key: daddr, data: '@verdicts' } }] } },
    {
      rule: {
        family: 'ip',
        table: 'nat',
        chain: 'X',
        handle: 9,
        expr: [{ match: { left: daddr, right: '10.96.0.20' } }],
      },
    },
  ],
});

test('of nft, the rules and elements go that name a service, but not those of iptables', () => {
  const element = (name: string, key: unknown) => ({ delete: { element: { ...inTable, name, elem: [key] } } });
  const rule = { delete: { rule: { ...inTable, chain: 'pre', handle: 7 } } };
  const commands = [
    element('verdicts', { concat: ['10.96.0.20', 'tcp', 80] }),
    element('node-ports', 30080),
    element('addresses', '10.96.0.20'),
    rule,
  ];
  expect(deletionsIn(nft, ['10.96.0.20', 30080])).toEqual([{ table: 'ip mine', commands }]);
  expect(deletionsIn(nft, ['10.96.0.40'])).toEqual([]);
  expect(deletionsIn('', ['10.96.0.20'])).toEqual([]);
});

test('a service is deleted from nft where nft has it, for the tasks that look there', () => {
  const [web] = subjectsIn(objects).filter(({ key }) => key === 'default/web');
  const task = (id: string, nodes: readonly string[]) => ({
    task: { id },
    carried: ['default/web'],
    nodesOf: { 'default/web': nodes },
  });
  const from = {
    say: { nft: (service: string, node: string) => `${service} on ${node}` },
    tasks: [task('a', ['node01']), task('b', ['node02']), task('c', ['node01', 'node02'])],
    nft: new Map([
      ['node01', nft],
      ['node02', ''],
    ]),
  } as unknown as Derivation;
  expect(nftOnNodes(from, web as NonNullable<typeof web>)).toMatchObject([
    { group: 'nft on node01', what: 'default/web on node01', tasks: ['a', 'c'], services: ['default/web'] },
  ]);
});

test('what survives is a finding that says why labs tried it, and what to do', () => {
  const findings: string[] = [];
  const course = (language: 'en' | 'ko') =>
    ({ say: testWords[language], tried: [], find: (text: string) => findings.push(text) }) as unknown as Course;
  const outcomes = new Map([['routes/reach', { outcome: 'pass', observed: 'arrived' }]]) as unknown as Outcomes;
  const reason = { check: 'reach', field: 'lands', names: 'default/web' };
  const survivor = { task: 'routes', what: 'default/web has another port', outcomes };
  judge(course('en'), { ...survivor, reason });
  judge(course('ko'), { ...survivor, reason });
  judge(course('en'), survivor);
  expect(findings[0]).toContain('because `lands` of routes/reach names default/web');
  expect(findings[0]).toMatch(/add a check .*pod\/NAME in place of endpoints\/NAME.*fair-checks\.md/i);
  expect(findings[1]).toMatch(/routes\/reach.*`lands`.*default\/web.*fair-checks\.md/);
  expect(findings[2]).not.toMatch(/because|fair-checks/);
});
