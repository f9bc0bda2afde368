// The order of writes in iptables mode: full syncs, changes and the clean-up.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { buildBase } from '../../../src/node/proxy/iptables/build-base.ts';
import { buildPort } from '../../../src/node/proxy/iptables/build-port.ts';
import { planCleanup } from '../../../src/node/proxy/iptables/cleanup.ts';
import { chainName } from '../../../src/node/proxy/iptables/names.ts';
import { planChanges, planFull } from '../../../src/node/proxy/iptables/plan.ts';
import { servicePortsOf } from '../../../src/node/proxy/view/service-ports.ts';
import { checkSlice, endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';
import { readExisting } from '../../../src/node/proxy/xtables/existing.ts';
import { oneOf } from '../../../src/node/proxy/xtables/rule.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { baseOptions, createRig, tables, testNode } from '../../support/proxy/replay.ts';

const service = (index: number): Service => ({
  metadata: { name: `s${index}`, namespace: 'default' },
  spec: { clusterIP: `10.96.0.${index}`, ports: [{ port: 80 }] },
});
const slice = (index: number, ...ips: string[]): EndpointSlice => ({
  metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});
const ports = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const [port] = servicePortsOf(service(index), 'IPv4');
    if (!port) throw new Error('no port');
    const checked = checkSlice(slice(index, '10.0.0.1'), { family: 'IPv4', nodeName: 'n1' });
    const endpoints = endpointsOf(checked ? [checked] : []).get(port.key) ?? [];
    const options = {
      family: 'IPv4',
      node: testNode,
      local: undefined,
      masqueradeAll: false,
      countLocalhostNodePorts: false,
      endpointComments: true,
    } as const;
    return buildPort(port, endpoints, options);
  });

const inSix = { ports: 6, lines: Number.POSITIVE_INFINITY };
const confined = { ports: 250, lines: 12 };
const linesIn = (input: string): number => input.match(/^[:-]/gm)?.length ?? 0;

describe('in a user namespace, where one input must be short', () => {
  test('a first sync and a repeated one end with the same rules as in one piece', async () => {
    const [whole, kernel] = [new FakeNetfilter(), new FakeNetfilter()];
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await whole.restore(input);
    for (const saved of ['', 'again']) {
      const existing = readExisting(saved === '' ? '' : await kernel.save());
      const steps = [...planFull(buildBase(baseOptions), ports(20), existing, confined)];
      expect(steps.length).toBeGreaterThan(5);
      // The first one also has the base chains, which do not depend on services.
      for (const { input } of steps.slice(1)) expect(linesIn(input)).toBeLessThanOrEqual(confined.lines + 12);
      for (const { input } of steps) await kernel.restore(input);
      expect(tables(await kernel.save())).toEqual(tables(await whole.save()));
    }
  });

  test('a change of many service ports is written in pieces, each with the chains that its rules lead to', async () => {
    const kernel = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), [], readExisting(''))) await kernel.restore(input);
    const steps = planChanges(
      ports(20).map((after) => ({ before: undefined, after })),
      confined,
    );
    expect(steps.length).toBeGreaterThan(5);
    for (const { input } of steps) {
      expect(linesIn(input)).toBeLessThanOrEqual(confined.lines);
      const made = new Set([...input.matchAll(/^:(\S+)/gm)].map(([, name]) => name));
      for (const [, target = ''] of input.matchAll(/-j (KUBE-(?:SVC|SEP)-\S+)/g)) expect(made).toContain(target);
      await kernel.restore(input);
    }
    const whole = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await whole.restore(input);
    const sorted = async (netfilter: FakeNetfilter) => (await netfilter.save()).split('\n').sort();
    expect(await sorted(kernel)).toEqual(await sorted(whole));
  });

  test('chains of services that are gone are deleted in pieces', async () => {
    const kernel = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await kernel.restore(input);
    const steps = [...planFull(buildBase(baseOptions), [], readExisting(await kernel.save()), confined)];
    const removing = steps.filter(({ optional }) => optional);
    expect(removing.length).toBeGreaterThan(2);
    for (const { input } of steps) await kernel.restore(input);
    expect(await kernel.save()).not.toMatch(/KUBE-(?:SVC|SEP)-/);
  });
});

describe('a full sync', () => {
  test('of a small cluster is one restore', () => {
    expect([...planFull(buildBase(baseOptions), ports(20), readExisting(''))]).toHaveLength(1);
  });

  test('in several pieces has the same result as in one piece', async () => {
    const [whole, pieces] = [new FakeNetfilter(), new FakeNetfilter()];
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await whole.restore(input);
    const steps = [...planFull(buildBase(baseOptions), ports(20), readExisting(''), inSix)];
    expect(steps).toHaveLength(4);
    for (const { input } of steps) await pieces.restore(input);
    expect(tables(await pieces.save())).toEqual(tables(await whole.save()));
  });

  test('in several pieces adds the jumps in the last piece only', () => {
    const steps = [...planFull(buildBase(baseOptions), ports(20), readExisting(''), inSix)];
    const entering = steps.map(({ input }) => /^-[AI] PREROUTING .* -j KUBE-SERVICES/m.test(input));
    expect(entering).toEqual([false, false, false, true]);
  });

  test('replaces a KUBE-SERVICES that is in use in the last step only', async () => {
    const kernel = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await kernel.restore(input);
    const steps = [...planFull(buildBase(baseOptions), ports(20), readExisting(await kernel.save()), inSix)];
    const nat = steps.map(({ input }) => input.slice(input.indexOf('*nat')));
    expect(nat.map((input) => /KUBE-SERVICES/.test(input))).toEqual([false, false, false, true]);
    for (const { input } of steps) await kernel.restore(input);
    const fresh = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(20), readExisting(''))) await fresh.restore(input);
    expect(tables(await kernel.save())).toEqual(tables(await fresh.save()));
  });

  test('keeps refusals until table nat leads to the endpoints, whichever step fails', async () => {
    const kernel = new FakeNetfilter();
    const rig = createRig(kernel);
    rig.proxier.onService(undefined, service(1));
    await rig.sync();
    const refusal = /-A KUBE-SERVICES -d 10.96.0.1\/32 .* -j REJECT/g;
    expect((await kernel.save()).match(refusal)).toHaveLength(1);
    const steps = [...planFull(buildBase(baseOptions), ports(20), readExisting(await kernel.save()), inSix)];
    for (const { input } of steps) {
      for (const section of input.split(/(?<=^COMMIT\n)/m)) {
        await kernel.restore(section);
        const saved = await kernel.save();
        const isOpen = /-A KUBE-SERVICES -d 10.96.0.1\/32 .* -j KUBE-SVC/.test(saved);
        expect(isOpen || saved.match(refusal)?.length === 1, section).toBe(true);
      }
    }
    expect((await kernel.save()).match(refusal)).toBeNull();
  });

  test('does not add a jump that exists', async () => {
    const kernel = new FakeNetfilter();
    for (let run = 0; run < 2; run++) {
      for (const { input } of planFull(buildBase(baseOptions), ports(2), readExisting(await kernel.save())))
        await kernel.restore(input);
    }
    expect((await kernel.save()).match(/-A PREROUTING/g)).toHaveLength(1);
  });
});

describe('a change', () => {
  test('of one endpoint writes the chains of its service only', async () => {
    const kernel = new FakeNetfilter();
    const rig = createRig(kernel);
    for (const index of [1, 2, 3]) {
      rig.proxier.onService(undefined, service(index));
      rig.proxier.onSlice(undefined, slice(index, '10.0.0.1'));
    }
    await rig.sync();
    rig.proxier.onSlice(slice(2, '10.0.0.1'), slice(2, '10.0.0.9'));
    await rig.sync();
    const input = kernel.inputs.at(-1) ?? '';
    expect(input).toContain('default/s2');
    expect(input).not.toMatch(/default\/s[13]/);
    expect(input).not.toContain('KUBE-SERVICES');
  });

  test('of an external IP that is also a load balancer IP has exactly one refusal', async () => {
    const kernel = new FakeNetfilter();
    const rig = createRig(kernel);
    const both: Service = {
      ...service(1),
      spec: { ...service(1).spec, type: 'LoadBalancer', externalIPs: ['203.0.113.1'] },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
    };
    const refusals = async () =>
      (await kernel.save()).match(/^-A KUBE-EXTERNAL-SERVICES -d 203.*REJECT/gm)?.length ?? 0;
    rig.proxier.onService(undefined, both);
    await rig.sync();
    expect(await refusals()).toBe(1);
    rig.proxier.onSlice(undefined, slice(1, '10.0.0.1'));
    await rig.sync();
    expect(await refusals()).toBe(0);
    rig.proxier.onSlice(slice(1, '10.0.0.1'), undefined);
    await rig.sync();
    expect(await refusals()).toBe(1);
  });

  test('removes a refusal last when a service opens, and adds it first when a service closes', async () => {
    const kernel = new FakeNetfilter();
    const rig = createRig(kernel);
    rig.proxier.onService(undefined, service(1));
    await rig.sync();
    rig.proxier.onSlice(undefined, slice(1, '10.0.0.1'));
    await rig.sync();
    expect((kernel.inputs.at(-1) ?? '').match(/^\*\w+|^-[AID] KUBE-SERVICES/gm)).toEqual([
      '*nat',
      '-I KUBE-SERVICES',
      '*filter',
      '-D KUBE-SERVICES',
    ]);
    rig.proxier.onSlice(slice(1, '10.0.0.1'), undefined);
    await rig.sync();
    expect((kernel.inputs.at(-1) ?? '').match(/^\*\w+|^-[AID] KUBE-SERVICES/gm)).toEqual([
      '*filter',
      '-A KUBE-SERVICES',
      '*nat',
      '-D KUBE-SERVICES',
    ]);
  });
});

test.each([
  ['without node ports on localhost', { localhostNodePorts: false }],
  ['of IPv6', { family: 'IPv6' as const }],
])("a full sync %s leaves the kubelet's rule in KUBE-FIREWALL", async (_name, options) => {
  const kernel = new FakeNetfilter();
  await kernel.restore('*filter\n:KUBE-FIREWALL - [0:0]\n-A KUBE-FIREWALL -s 192.0.2.1/32 -j DROP\nCOMMIT\n');
  const base = buildBase({ ...baseOptions, ...options });
  for (let round = 0; round < 2; round += 1)
    for (const { input } of planFull(base, ports(3), readExisting(await kernel.save()))) await kernel.restore(input);
  expect(await kernel.save()).toContain('-A KUBE-FIREWALL -s 192.0.2.1/32 -j DROP');
  expect(await kernel.save()).toContain('-A INPUT -j KUBE-FIREWALL');
});

describe('a clean-up', () => {
  const clean = async (kernel: FakeNetfilter): Promise<string> => {
    const input = planCleanup(readExisting(await kernel.save()));
    await kernel.restore(input ?? '');
    return kernel.save();
  };

  test('leaves foreign rules and chains, and finds nothing the second time', async () => {
    const kernel = new FakeNetfilter();
    await kernel.restore('*nat\n:KUBE-MINE - [0:0]\n-A KUBE-MINE -j RETURN\n-A PREROUTING -j KUBE-MINE\nCOMMIT\n');
    for (const { input } of planFull(buildBase(baseOptions), ports(3), readExisting(await kernel.save())))
      await kernel.restore(input);
    const left = await clean(kernel);
    expect(left.match(/KUBE-[A-Z-]+/g)).toEqual(['KUBE-MINE', 'KUBE-MINE', 'KUBE-MINE']);
    expect(planCleanup(readExisting(left))).toBeUndefined();
  });

  test('leaves KUBE-FIREWALL if a kubelet uses it', async () => {
    const kernel = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(3), readExisting(''))) await kernel.restore(input);
    await kernel.restore('*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n');
    const left = await clean(kernel);
    expect(new Set(left.match(/KUBE-[A-Z-]+/g))).toEqual(new Set(['KUBE-KUBELET-CANARY', 'KUBE-FIREWALL']));
    expect(left).toContain('block incoming localnet connections');
    for (const from of ['INPUT', 'OUTPUT']) expect(left).toContain(`-A ${from} -j KUBE-FIREWALL`);
  });

  test('removes KUBE-FIREWALL and its jumps if no kubelet uses it', async () => {
    const kernel = new FakeNetfilter();
    for (const { input } of planFull(buildBase(baseOptions), ports(3), readExisting(''))) await kernel.restore(input);
    expect(await clean(kernel)).not.toContain('KUBE-FIREWALL');
  });
});

test('rules of endpoints have no comments with more than 1,000 endpoints, and comments with fewer', async () => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel);
  rig.proxier.onService(undefined, service(1));
  const many = slice(1, ...Array.from({ length: 1001 }, (_, index) => `10.1.${index >> 8}.${index & 255}`));
  rig.proxier.onSlice(undefined, many);
  await rig.sync();
  expect(await kernel.save()).not.toContain('default/s1 ->');
  expect(await kernel.save()).toContain('default/s1 cluster IP');
  rig.proxier.onSlice(many, slice(1, '10.1.0.1'));
  await rig.sync();
  expect(await kernel.save()).toContain('default/s1 -> 10.1.0.1:8080');
});

test('names and probabilities equal those of the original', () => {
  expect(chainName('SVC', 'fix/cip3:httptcp')).toBe('KUBE-SVC-CAHVSQRG2SI72V7M');
  expect(chainName('SEP', 'fix/cip1tcp10.200.1.1:8080')).toBe('KUBE-SEP-7EVB3GFDN5PJ4NAR');
  expect([2, 3, 6, 10].map(oneOf).map((text) => text.split(' ').at(-1))).toEqual([
    '0.50000000000',
    '0.33333333349',
    '0.16666666651',
    '0.10000000009',
  ]);
});
