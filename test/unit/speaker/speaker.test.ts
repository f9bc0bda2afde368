import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node, Service, ServiceSpec } from '../../../src/api/core.ts';
import { type EndpointSlice, serviceNameLabel } from '../../../src/api/discovery.ts';
import { excludeFromBalancersLabel } from '../../../src/api/labels.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { announcement, commandsFor } from '../../../src/node/speaker/commands.ts';
import { ownersOf } from '../../../src/node/speaker/owner.ts';

const range = parseCidr('192.168.56.224/28');
const node = (name: string, { ready = 'True', labels = {} }: { ready?: string; labels?: object } = {}): Node =>
  ({ metadata: { name, labels }, status: { conditions: [{ type: 'Ready', status: ready }] } }) as Node;
const service = (name: string, ip: string, spec: ServiceSpec = {}): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { type: 'LoadBalancer', ...spec },
  status: { loadBalancer: { ingress: [{ ip }] } },
});
const slice = (name: string, endpoints: readonly (readonly [nodeName: string, ready?: boolean])[]): EndpointSlice => ({
  metadata: { name: `${name}-x`, namespace: 'default', labels: { [serviceNameLabel]: name } },
  addressType: 'IPv4',
  endpoints: endpoints.map(([nodeName, ready = true]) => ({
    addresses: ['10.244.1.2'],
    nodeName,
    conditions: { ready },
  })),
});
const three = ['node01', 'node02', 'node03'].map((name) => node(name));
const ip = '192.168.56.224';
const local: ServiceSpec = { externalTrafficPolicy: 'Local' };

describe('the node that announces an address', () => {
  test('has a ready endpoint, if the policy is Local', () => {
    const slices = [slice('web', [['node01', false], ['node03']])];
    expect(ownersOf({ services: [service('web', ip, local)], slices, nodes: three }, range)).toEqual(
      new Map([[ip, 'node03']]),
    );
  });

  test('may be any node, if the policy is Cluster', () => {
    const owners = new Set(
      Array.from({ length: 15 }, (_, index) => `192.168.56.${224 + index}`).map((address) => {
        const state = { services: [service('web', address)], slices: [slice('web', [['node01']])], nodes: three };
        return ownersOf(state, range).get(address);
      }),
    );
    expect([...owners].sort()).toEqual(['node01', 'node02', 'node03']);
  });

  test.each([
    ['no endpoint is ready', [slice('web', [['node01', false]])], three],
    ['there is no slice', [], three],
    ['the node of the endpoint is not Ready', [slice('web', [['node01']])], [node('node01', { ready: 'Unknown' })]],
    [
      'the node is excluded from load balancers',
      [slice('web', [['node01']])],
      [node('node01', { labels: { [excludeFromBalancersLabel]: '' } })],
    ],
  ])('is none: %s', (_, slices, nodes) => {
    expect(ownersOf({ services: [service('web', ip, local)], slices, nodes }, range)).toEqual(new Map());
  });

  test('is none for addresses of other ranges, and for services of other types', () => {
    const slices = [slice('web', [['node01']]), slice('other', [['node01']])];
    const services = [service('web', '10.0.0.1'), service('other', ip, { type: 'NodePort' })];
    expect(ownersOf({ services, slices, nodes: three }, range)).toEqual(new Map());
  });

  test('is the same for every order of the objects, and changes only for the addresses of a node that leaves', () => {
    const addresses = Array.from({ length: 15 }, (_, index) => `192.168.56.${224 + index}`);
    const services = addresses.map((address, index) => service(`s${index}`, address));
    const slices = addresses.map((_, index) => slice(`s${index}`, [['node01']]));
    const before = ownersOf({ services, slices, nodes: three }, range);
    const orders = fc.record({
      services: fc.shuffledSubarray(services, { minLength: services.length }),
      nodes: fc.shuffledSubarray(three, { minLength: 1 }),
    });
    fc.assert(
      fc.property(orders, (order) => {
        const names = order.nodes.map(({ metadata }) => metadata.name);
        for (const [address, owner] of ownersOf({ ...order, slices }, range)) {
          expect(names).toContain(owner);
          const was = before.get(address) ?? '';
          if (names.includes(was)) expect(owner).toBe(was);
        }
      }),
    );
  });
});

describe('the commands', () => {
  const wanted = {
    node: 'node01',
    link: 'eth0',
    range,
    owners: new Map([
      [ip, 'node01'],
      ['192.168.56.225', 'node02'],
    ]),
  };

  test('take what is this node’s, and give back the rest', () => {
    const present = [
      { link: 'eth0', address: '192.168.56.11' },
      { link: 'eth0', address: '192.168.56.225' },
      { link: 'lo', address: '192.168.56.226' },
    ];
    expect(commandsFor(wanted, present)).toEqual({
      changes: [
        ['ip', 'address', 'delete', '192.168.56.225/32', 'dev', 'eth0'],
        ['ip', 'address', 'add', `${ip}/32`, 'dev', 'eth0'],
      ],
      taken: [ip],
    });
    expect(announcement(ip, 'eth0').join(' ')).toBe(`arping -q -U -c 3 -I eth0 ${ip}`);
  });

  test('are none if all is as wanted', () => {
    expect(commandsFor(wanted, [{ link: 'eth0', address: ip }])).toEqual({ changes: [], taken: [] });
  });
});
