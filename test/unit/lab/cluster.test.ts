import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterSpec } from '../../../src/api/cluster.ts';
import { readLab } from '../../../src/host/lab/load.ts';
import { refuseInvalidCluster } from '../../../src/host/lab/validate.ts';
import { LabError } from '../../../src/kit/error.ts';
import { threeNodes } from '../plan/fixtures.ts';

/** A change to the specification, without types, because a program may pass any value. */
type Change = { readonly [K in keyof ClusterSpec]?: unknown };

/** Checks a specification that a program passes as a value. */
const refusal = (change: Change, name = 'x'): LabError | undefined => {
  try {
    refuseInvalidCluster(name, { ...threeNodes, ...change } as ClusterSpec);
    return undefined;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cluster-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Checks the field `cluster` of a lab.yaml. */
const problemsInFile = async (change: Change): Promise<readonly string[]> => {
  const { dnsAddress, ...rest } = { ...threeNodes, ...change };
  const cluster = JSON.stringify({ ...rest, ...(change.dnsAddress ? { dnsAddress } : {}) });
  await writeFile(
    join(folder, 'lab.yaml'),
    `apiVersion: labs/v1
name: tiny
title: Tiny
summary: A tiny lab
cluster: ${cluster}
tasks:
  - { id: look, title: Look, text: lab.yaml, checks: [{ id: there, title: T, type: object, object: service/x }] }
`,
  );
  const { diagnostics } = await readLab(folder);
  return diagnostics.map(({ line, message }) => `${line}: ${message}`);
};

const node = (name: string, role: 'control-plane' | 'worker' = 'worker') => ({ name, role });
const withNode = (name: string): Change => ({ nodes: [...threeNodes.nodes, node(name)] });

/** The second node has this link. */
const linked = (link: object): Change => ({ nodes: [node('a', 'control-plane'), { ...node('b'), link }] });

/** A host h1 and a router r1 on the network lan-a. */
const routed = (change: { networks?: object[]; h1?: object; r1?: object }): Change => ({
  networks: change.networks ?? [{ name: 'lan-a', cidr: '10.1.0.0/24' }],
  machines: [
    {
      name: 'r1',
      role: 'router',
      networks: [{ name: 'lan-a', address: '10.1.0.1' }, { name: 'cluster' }],
      ...change.r1,
    },
    { name: 'h1', role: 'host', networks: [{ name: 'lan-a', address: '10.1.0.10' }], ...change.h1 },
  ],
});

describe('lab.yaml and a program get the same refusal of a cluster that cannot be built:', () => {
  test.each([
    {
      what: 'a service range inside of the pod network',
      change: { serviceCidr: '10.244.96.0/20', dnsAddress: '10.244.96.10' },
      says: 'cluster.serviceCidr: the pods’ network 10.244.0.0/16 and the services’ range 10.244.96.0/20 overlap',
    },
    {
      what: 'a pod network that contains the nodes’ network',
      change: { podCidr: '192.168.0.0/16' },
      says: 'the nodes’ network 192.168.56.0/24 and the pods’ network 192.168.0.0/16 overlap',
    },
    {
      what: 'a DNS address outside of the service range',
      change: { dnsAddress: '10.200.0.10' },
      says: 'cluster.dnsAddress: 10.200.0.10 is outside of the services’ range 10.96.0.0/12',
    },
    {
      what: 'a fallback of a proxy mode that has none',
      change: { proxy: { mode: 'nftables', fallback: true, verbosity: 4 } },
      says: 'cluster.proxy.fallback: needs `mode: ipvs`, because no other mode has a substitute',
    },
    {
      what: 'addresses of a load balancer outside of the nodes’ network',
      change: { loadBalancerCidr: '10.1.0.0/28' },
      says: 'cluster.loadBalancerCidr: 10.1.0.0/28 is not a part of the nodes’ network 192.168.56.0/24',
    },
    {
      what: 'addresses of a load balancer with the broadcast address',
      change: { loadBalancerCidr: '192.168.56.240/28' },
      says: 'has the first or the last address of 192.168.56.0/24, which nobody can have',
    },
    {
      what: 'addresses of a load balancer that nodes have',
      change: { loadBalancerCidr: '192.168.56.8/29' },
      says: 'cluster.loadBalancerCidr: 192.168.56.8/29 contains 192.168.56.10, which is already the address of controlplane',
    },
    {
      what: 'addresses of a load balancer that a machine has',
      change: {
        loadBalancerCidr: '192.168.56.224/28',
        machines: [{ name: 'r1', role: 'router', networks: [{ name: 'cluster', address: '192.168.56.230' }] }],
      },
      says: '192.168.56.224/28 contains 192.168.56.230, which is already the address of r1',
    },
    {
      what: 'a network with host bits',
      change: { podCidr: '10.244.1.0/16' },
      says: 'did you mean 10.244.0.0/16?',
    },
    {
      what: 'a nodes’ network that is too small',
      change: { nodeCidr: '192.168.56.0/25' },
      says: 'cluster.nodeCidr: the nodes’ network 192.168.56.0/25 is too small; it must be a /24 or larger',
    },
    {
      what: 'a service range that is too small',
      change: { serviceCidr: '10.96.0.0/29', dnsAddress: '10.96.0.2' },
      says: 'cluster.serviceCidr: the services’ range 10.96.0.0/29 is too small; it must be a /28 or larger',
    },
    {
      what: 'more nodes than pod subnets',
      change: { podCidr: '10.244.0.0/23' },
      says: 'cluster.podCidr: 10.244.0.0/23 has room for 2 node subnets of /24, the lab has 3 nodes',
    },
    {
      what: 'a pod network without room for one node',
      change: { podCidr: '10.244.0.0/25' },
      says: 'cluster.podCidr: 10.244.0.0/25 has room for 0 node subnets of /24',
    },
    {
      what: 'a node name that is used twice',
      change: withNode('node01'),
      says: '"node01" is already the name of another machine',
    },
    {
      what: 'a client with the name of a node',
      change: { clients: [{ name: 'node02' }] },
      says: '"node02" is already the name of another machine',
    },
    {
      what: 'a node with the name of the fabric',
      change: withNode('fabric'),
      says: 'cluster.nodes[3].name: the name "fabric" is reserved',
    },
    {
      what: 'a name that no host can have',
      change: withNode('Node_3'),
      says: 'cluster.nodes[3].name: "Node_3" is not a machine name',
    },
    {
      what: 'a cluster without a control plane',
      change: { nodes: [node('node01')] },
      says: 'cluster.nodes: one node must have the role control-plane',
    },
    {
      what: 'a second control plane',
      change: { nodes: [node('a', 'control-plane'), node('b', 'control-plane')] },
      says: 'cluster.nodes[1].role: only one node can be the control plane',
    },
    {
      what: 'a seventeenth node',
      change: { nodes: [node('a', 'control-plane'), ...Array.from({ length: 16 }, (_, index) => node(`n${index}`))] },
      says: 'cluster.nodes: 17 nodes are too many; at most 16 are possible',
    },
    {
      what: 'a network that overlaps with that of the pods',
      change: routed({
        networks: [
          { name: 'lan-a', cidr: '10.1.0.0/24' },
          { name: 'core', cidr: '10.244.9.0/24' },
        ],
      }),
      says: 'cluster.networks[1].cidr: 10.244.9.0/24 and the pods’ network 10.244.0.0/16 overlap',
    },
    {
      what: 'two networks that overlap',
      change: routed({
        networks: [
          { name: 'lan-a', cidr: '10.1.0.0/24' },
          { name: 'core', cidr: '10.1.0.0/30' },
        ],
      }),
      says: 'cluster.networks[1].cidr: 10.1.0.0/30 and the network lan-a 10.1.0.0/24 overlap',
    },
    {
      what: 'a network with the name of that of the nodes',
      change: routed({
        networks: [
          { name: 'lan-a', cidr: '10.1.0.0/24' },
          { name: 'cluster', cidr: '10.3.0.0/24' },
        ],
      }),
      says: 'cluster.networks[1].name: the name "cluster" is reserved; choose another name',
    },
    {
      what: 'a machine with the name of a node',
      change: routed({ h1: { name: 'node01' } }),
      says: '"node01" is already the name of another machine',
    },
    {
      what: 'a network that does not exist',
      change: routed({ h1: { networks: [{ name: 'lan-b', address: '10.1.0.10' }] } }),
      says: 'cluster.machines[1].networks[0].name: there is no network "lan-b"; did you mean "lan-a"?',
    },
    {
      what: 'a machine that is on a network twice',
      change: routed({ h1: { networks: [{ name: 'lan-a', address: '10.1.0.10' }, { name: 'lan-a' }] } }),
      says: 'cluster.machines[1].networks[1].name: the machine is on "lan-a" already',
    },
    {
      what: 'an address outside of its network',
      change: routed({ h1: { networks: [{ name: 'lan-a', address: '10.2.0.10' }] } }),
      says: 'cluster.machines[1].networks[0].address: 10.2.0.10 is outside of the network lan-a 10.1.0.0/24',
    },
    {
      what: 'an address that two machines have',
      change: routed({ h1: { networks: [{ name: 'lan-a', address: '10.1.0.1' }] } }),
      says: 'cluster.machines[1].networks[0].address: 10.1.0.1 is already the address of r1',
    },
    {
      what: 'the address of a node',
      change: routed({ h1: { networks: [{ name: 'cluster', address: '192.168.56.11' }] } }),
      says: 'cluster.machines[1].networks[0].address: 192.168.56.11 is already the address of node01',
    },
    {
      what: 'a broadcast address',
      change: routed({ h1: { networks: [{ name: 'lan-a', address: '10.1.0.255' }] } }),
      says: '10.1.0.255 is the first or the last address of 10.1.0.0/24, which no machine can have',
    },
    {
      what: 'a route through a machine of another network',
      change: routed({ h1: { routes: [{ to: 'default', via: '10.9.0.1' }] } }),
      says: 'cluster.machines[1].routes[0].via: 10.9.0.1 is on no network on which the machine has an address',
    },
    {
      what: 'a route over an interface without an address',
      change: routed({ r1: { routes: [{ to: 'default', via: '192.168.56.10' }] } }),
      says: 'cluster.machines[0].routes[0].via: 192.168.56.10 is on no network on which the machine has an address',
    },
    {
      what: 'a route of a node through a network that the node is not on',
      change: { nodes: [{ ...node('a', 'control-plane'), routes: [{ to: '10.9.0.0/24', via: '10.1.0.1' }] }] },
      says: 'cluster.nodes[0].routes[0].via: 10.1.0.1 is on no network on which the machine has an address',
    },
    {
      what: 'a route through the machine itself',
      change: routed({ h1: { routes: [{ to: 'default', via: '10.1.0.10' }] } }),
      says: 'cluster.machines[1].routes[0].via: 10.1.0.10 is this machine’s own address',
    },
    {
      what: 'two routes to the same network',
      change: routed({
        h1: {
          routes: [
            { to: 'default', via: '10.1.0.1' },
            { to: 'default', via: '10.1.0.2' },
          ],
        },
      }),
      says: 'cluster.machines[1].routes[1].to: the machine has a route to default already',
    },
    {
      what: 'a route to a network with host bits',
      change: routed({ h1: { routes: [{ to: '10.5.0.1/24', via: '10.1.0.1' }] } }),
      says: 'did you mean 10.5.0.0/24?',
    },
    {
      what: 'a seventeenth network',
      change: {
        networks: Array.from({ length: 17 }, (_, index) => ({ name: `n${index}`, cidr: `10.1.${index}.0/24` })),
      },
      says: 'cluster.networks: 17 networks are too many; at most 16 are possible',
    },
    {
      what: 'a key of a label that Kubernetes refuses',
      change: { nodes: [{ ...node('a', 'control-plane'), labels: { 'my disk': 'ssd' } }] },
      says: '"my disk" is not the key of a label, such as disk or example.org/disk',
    },
    {
      what: 'a zone that cannot be the value of a label',
      change: { nodes: [{ ...node('a', 'control-plane'), zone: 'Seoul 1' }] },
      says: 'cluster.nodes[0].zone: "Seoul 1" is not the value of a label',
    },
    {
      what: 'the label of the zone beside `zone`',
      change: { nodes: [{ ...node('a', 'control-plane'), labels: { 'topology.kubernetes.io/zone': 'a' } }] },
      says: 'cluster.nodes[0].labels.topology.kubernetes.io/zone: write `zone` beside `labels` instead',
    },
    {
      what: 'a label that labs sets',
      change: { nodes: [{ ...node('a', 'control-plane'), labels: { 'labs/pod-subnet': '7' } }] },
      says: 'cluster.nodes[0].labels.labs/pod-subnet: this label is set by labs; choose another key',
    },
    {
      what: 'a flag of kube-proxy that a field decides about',
      change: { proxy: { verbosity: 4, flags: ['--proxy-mode=ipvs'] } },
      says: 'cluster.proxy.flags[0]: labs sets --proxy-mode itself; write `mode` in `proxy`',
    },
    {
      what: 'a flag that would end the line of the unit',
      change: { proxy: { verbosity: 4, flags: ['--masquerade-all true'] } },
      says: 'cluster.proxy.flags[0]: "--masquerade-all true" is not a flag such as --masquerade-all',
    },
    {
      what: 'a delay that is no duration',
      change: linked({ delay: '20' }),
      says: 'cluster.nodes[1].link.delay: "20" is not a duration such as 20ms or 1.5s',
    },
    {
      what: 'a delay of more than 5 s',
      change: linked({ delay: '5.001s' }),
      says: 'cluster.nodes[1].link.delay: must be at most 5s',
    },
    {
      what: 'a jitter without a delay',
      change: linked({ jitter: '1ms' }),
      says: 'cluster.nodes[1].link.jitter: needs the field delay',
    },
    {
      what: 'a jitter above the delay',
      change: linked({ delay: '10ms', jitter: '11ms' }),
      says: 'cluster.nodes[1].link.jitter: must be at most the delay, 10ms',
    },
    {
      what: 'a loss that is no share',
      change: linked({ loss: '0.05' }),
      says: 'cluster.nodes[1].link.loss: "0.05" is not a share such as 5%',
    },
    {
      what: 'a loss without its unit',
      change: linked({ loss: 5 }),
      says: 'cluster.nodes[1].link.loss: "5" is not a share such as 5%',
    },
    {
      what: 'a loss of more than everything',
      change: linked({ loss: '100.1%' }),
      says: 'cluster.nodes[1].link.loss: must be at most 100%',
    },
    {
      what: 'a node that receives nothing',
      change: linked({ loss: '100.0%' }),
      says: 'cluster.nodes[1].link.loss: must be less than 100%: without packets, a node never gets Ready',
    },
    {
      what: 'a rate that is none',
      change: linked({ rate: '10Mbps' }),
      says: 'cluster.nodes[1].link.rate: "10Mbps" is not a rate such as 10mbit',
    },
    {
      what: 'a rate that is too low',
      change: linked({ rate: '7.9kbit' }),
      says: 'cluster.nodes[1].link.rate: must be at least 8kbit',
    },
    {
      what: 'a rate that is too high',
      change: linked({ rate: '101gbit' }),
      says: 'cluster.nodes[1].link.rate: must be at most 100gbit',
    },
    {
      what: 'a link about which nothing is said',
      change: linked({}),
      says: 'cluster.nodes[1].link: needs delay, loss, rate or several of them',
    },
    {
      what: 'an unknown property of a link',
      change: linked({ delay: '1ms', los: '5%' }),
      says: 'cluster.nodes[1].link: unknown field "los"; did you mean "loss"?',
    },
    {
      what: 'a seventeenth client',
      change: { clients: Array.from({ length: 17 }, (_, index) => ({ name: `c${index}` })) },
      says: 'cluster.clients: 17 clients are too many; at most 16 are possible',
    },
  ])('$what', async ({ change, says }) => {
    const problems = await problemsInFile(change);
    expect(problems).toEqual([expect.stringContaining(says)]);
    expect(problems[0]).toMatch(/^5: /);
    const error = refusal(change);
    expect(error?.message).toContain(says);
    expect(error).toMatchObject({ code: 'LAB_PLAN_REFUSED', exitCode: 2 });
  });
});

// A network interface's name has at most 15 characters: the kernel's IFNAMSIZ is 16, which counts the final NUL. Names
// of machines have the same limit, so that an interface can have the name of its machine.
describe('the longest name of a machine', () => {
  test.each(['nodes', 'clients'] as const)(
    'of %s has 15 characters; 16 are refused from lab.yaml and from a program',
    async (field) => {
      const named = (name: string): Change =>
        field === 'nodes' ? { nodes: [...threeNodes.nodes, node(name)] } : { clients: [{ name }] };
      const fifteen = 'n'.repeat(15);
      const sixteen = 'n'.repeat(16);
      expect(await problemsInFile(named(fifteen))).toEqual([]);
      expect(refusal(named(fifteen))).toBeUndefined();
      const says = expect.stringContaining(`"${sixteen}" is not a machine name: at most 15 lower-case letters`);
      expect(await problemsInFile(named(sixteen))).toEqual([says]);
      expect(refusal(named(sixteen))).toMatchObject({ message: says });
    },
  );
});

describe('the name of a cluster', () => {
  test('has at most 40 characters', () => {
    expect(refusal({}, 'n'.repeat(40))).toBeUndefined();
    expect(refusal({}, 'n'.repeat(41))).toMatchObject({ hint: 'Choose another name with `--name`.' });
  });
});

test('every problem is reported at once', () => {
  const error = refusal({ nodes: [node('a'), node('a')], podCidr: '10.96.0.0/16' }, 'Bad Name');
  for (const part of ['name: "Bad Name" is not a name', '"a" is already the name', 'must have the role', 'overlap'])
    expect(error?.message).toContain(part);
});

test('takes routers and hosts on networks of every size', () => {
  const networks = [
    { name: 'lan-a', cidr: '10.1.0.0/24' },
    { name: 'pair', cidr: '10.3.0.0/31' },
  ];
  const ends = [{ name: 'lan-a', address: '10.1.0.1' }, { name: 'pair', address: '10.3.0.0' }, { name: 'cluster' }];
  expect(refusal(routed({ networks, r1: { networks: ends, routes: [{ to: 'default', via: '10.3.0.1' }] } }))).toBe(
    undefined,
  );
});

test('takes links with a delay, a loss and a rate, up to their bounds, and a host that receives nothing', () => {
  const link = { delay: '5s', jitter: '5000ms', loss: '99.9%', rate: '8kbit' };
  const change: Change = {
    ...linked(link),
    clients: [{ name: 'client', link: { loss: '0%' } }],
    ...routed({
      networks: [{ name: 'lan-a', cidr: '10.1.0.0/24', link: { rate: '100gbit' } }],
      h1: { networks: [{ name: 'lan-a', address: '10.1.0.10', link: { loss: '100%' } }] },
    }),
  };
  expect(refusal(change)).toBe(undefined);
});
