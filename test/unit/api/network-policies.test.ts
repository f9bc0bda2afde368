// The meaning of network policies, as https://kubernetes.io/docs/concepts/services-networking/network-policies/ has it.
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/core-pods.ts';
import { judgeTraffic, type PolicyEnd } from '../../../src/api/network-policies.ts';
import type { NetworkPolicy } from '../../../src/api/networking.ts';

const end = (namespace: string, labels: Record<string, string>, address: string, node = 'node01'): PolicyEnd => ({
  address,
  node,
  pod: {
    metadata: { name: address, namespace, labels, uid: address },
    spec: {
      containers: [
        {
          name: 'c',
          ports: [
            { name: 'web', containerPort: 8080 },
            { name: 'dns', containerPort: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
  } as unknown as Pod,
  namespaceLabels: { 'kubernetes.io/metadata.name': namespace, team: namespace === 'shop' ? 'red' : 'blue' },
});

const web = end('default', { app: 'web' }, '10.244.1.2');
const blue = end('default', { app: 'blue' }, '10.244.1.3');
const cart = end('shop', { app: 'cart' }, '10.244.2.4', 'node02');
const client: PolicyEnd = { address: '192.168.56.100', node: 'client' };
const node01: PolicyEnd = { address: '192.168.56.11', node: 'node01' };
const node02: PolicyEnd = { address: '192.168.56.12', node: 'node02' };

type Spec = NonNullable<NetworkPolicy['spec']>;
const policy = (spec: Spec, namespace = 'default'): NetworkPolicy => ({ metadata: { name: 'p', namespace }, spec });
const app = (name: string) => ({ matchLabels: { app: name } });
const onWeb = (rest: Spec): NetworkPolicy => policy({ podSelector: app('web'), ...rest });

interface Case {
  readonly name: string;
  readonly policies: readonly NetworkPolicy[];
  readonly from?: PolicyEnd;
  readonly to?: PolicyEnd;
  readonly port?: number;
  readonly protocol?: 'TCP' | 'UDP';
  readonly allowed: boolean;
}

test.each<Case>([
  { name: 'without policies, everything', policies: [], allowed: true },
  { name: 'a policy that selects other pods', policies: [policy({ podSelector: app('other') })], allowed: true },
  { name: 'a policy of another namespace', policies: [policy({ podSelector: {} }, 'shop')], allowed: true },
  {
    name: 'an empty selector selects all pods of the namespace',
    policies: [policy({ podSelector: {} })],
    allowed: false,
  },
  { name: 'no selector is an empty one', policies: [policy({})], allowed: false },
  {
    name: 'isolation for ingress does not stop what goes out',
    policies: [onWeb({})],
    from: web,
    to: blue,
    allowed: true,
  },
  { name: 'an empty rule allows everything', policies: [onWeb({ ingress: [{}] })], allowed: true },
  { name: 'an empty list of peers is no restriction', policies: [onWeb({ ingress: [{ from: [] }] })], allowed: true },
  {
    name: 'a pod of the same namespace',
    policies: [onWeb({ ingress: [{ from: [{ podSelector: app('blue') }] }] })],
    allowed: true,
  },
  {
    name: 'a pod with other labels',
    policies: [onWeb({ ingress: [{ from: [{ podSelector: app('red') }] }] })],
    allowed: false,
  },
  {
    name: 'podSelector alone means the own namespace',
    policies: [onWeb({ ingress: [{ from: [{ podSelector: app('cart') }] }] })],
    from: cart,
    allowed: false,
  },
  {
    name: 'namespaceSelector alone means all pods there',
    policies: [onWeb({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }] }] })],
    from: cart,
    allowed: true,
  },
  {
    name: 'an empty namespaceSelector means all namespaces',
    policies: [onWeb({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    from: cart,
    allowed: true,
  },
  {
    name: 'both selectors in one peer must fit',
    policies: [
      onWeb({
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'red' } }, podSelector: app('blue') }] }],
      }),
    ],
    from: cart,
    allowed: false,
  },
  {
    name: 'both selectors in two peers: one is enough',
    policies: [
      onWeb({
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }, { podSelector: app('blue') }] }],
      }),
    ],
    from: cart,
    allowed: true,
  },
  {
    name: 'selectors mean pods, not machines',
    policies: [onWeb({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    from: client,
    allowed: false,
  },
  {
    name: 'a network',
    policies: [onWeb({ ingress: [{ from: [{ ipBlock: { cidr: '192.168.56.0/24' } }] }] })],
    from: client,
    allowed: true,
  },
  {
    name: 'a network with an exception',
    policies: [
      onWeb({ ingress: [{ from: [{ ipBlock: { cidr: '192.168.56.0/24', except: ['192.168.56.96/28'] } }] }] }),
    ],
    from: client,
    allowed: false,
  },
  {
    name: 'a network of pods',
    policies: [onWeb({ ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/16' } }] }] })],
    allowed: true,
  },
  { name: 'the port', policies: [onWeb({ ingress: [{ ports: [{ port: 80 }] }] })], allowed: true },
  { name: 'another port', policies: [onWeb({ ingress: [{ ports: [{ port: 81 }] }] })], allowed: false },
  {
    name: 'the first of a range',
    policies: [onWeb({ ingress: [{ ports: [{ port: 80, endPort: 90 }] }] })],
    allowed: true,
  },
  {
    name: 'the last of a range',
    policies: [onWeb({ ingress: [{ ports: [{ port: 70, endPort: 80 }] }] })],
    allowed: true,
  },
  { name: 'beside a range', policies: [onWeb({ ingress: [{ ports: [{ port: 70, endPort: 79 }] }] })], allowed: false },
  { name: 'a named port', policies: [onWeb({ ingress: [{ ports: [{ port: 'web' }] }] })], port: 8080, allowed: true },
  {
    name: 'a named port of another number',
    policies: [onWeb({ ingress: [{ ports: [{ port: 'web' }] }] })],
    allowed: false,
  },
  {
    name: 'a named port of another protocol',
    policies: [onWeb({ ingress: [{ ports: [{ port: 'dns' }] }] })],
    port: 53,
    allowed: false,
  },
  {
    name: 'a port without a protocol is TCP',
    policies: [onWeb({ ingress: [{ ports: [{ port: 80 }] }] })],
    protocol: 'UDP',
    allowed: false,
  },
  {
    name: 'a protocol without a port is all its ports',
    policies: [onWeb({ ingress: [{ ports: [{ protocol: 'UDP' }] }] })],
    protocol: 'UDP',
    allowed: true,
  },
  {
    name: 'peer and port of one rule must both fit',
    policies: [
      onWeb({
        ingress: [
          { from: [{ podSelector: app('blue') }], ports: [{ port: 81 }] },
          { from: [{ podSelector: app('red') }] },
        ],
      }),
    ],
    allowed: false,
  },
  {
    name: 'policies add up',
    policies: [onWeb({}), onWeb({ ingress: [{ from: [{ podSelector: app('blue') }] }] })],
    allowed: true,
  },
  { name: 'only Egress does not isolate for ingress', policies: [onWeb({ policyTypes: ['Egress'] })], allowed: true },
  {
    name: 'Egress without rules lets nothing out',
    policies: [onWeb({ policyTypes: ['Egress'] })],
    from: web,
    to: blue,
    allowed: false,
  },
  {
    name: 'rules of egress isolate without policyTypes',
    policies: [onWeb({ egress: [{ to: [{ podSelector: app('red') }] }] })],
    from: web,
    to: blue,
    allowed: false,
  },
  { name: 'rules of egress isolate for ingress, too', policies: [onWeb({ egress: [{}] })], allowed: false },
  {
    name: 'a rule of egress',
    policies: [
      onWeb({ policyTypes: ['Egress'], egress: [{ to: [{ podSelector: app('blue') }], ports: [{ port: 80 }] }] }),
    ],
    from: web,
    to: blue,
    allowed: true,
  },
  {
    name: 'a named port of egress is that of the destination',
    policies: [onWeb({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }] }] })],
    from: web,
    to: blue,
    port: 8080,
    allowed: true,
  },
  {
    name: 'a machine has no named ports',
    policies: [onWeb({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }] }] })],
    from: web,
    to: client,
    port: 8080,
    allowed: false,
  },
  {
    name: 'egress to a network',
    policies: [onWeb({ policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '192.168.56.100/32' } }] }] })],
    from: web,
    to: client,
    allowed: true,
  },
  {
    name: 'both sides must allow',
    policies: [onWeb({ ingress: [{}] }), policy({ podSelector: app('blue'), policyTypes: ['Egress'] })],
    allowed: false,
  },
  {
    name: 'a pod reaches itself',
    policies: [policy({ policyTypes: ['Ingress', 'Egress'] })],
    from: web,
    to: web,
    allowed: true,
  },
  { name: 'a node reaches its own pods', policies: [onWeb({})], from: node01, allowed: true },
  { name: 'a node does not reach the pods of another', policies: [onWeb({})], from: node02, allowed: false },
  {
    name: 'expressions',
    policies: [policy({ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } })],
    allowed: true,
  },
])('$name: allowed is $allowed', ({ policies, from = blue, to = web, port = 80, protocol = 'TCP', allowed }) => {
  expect(judgeTraffic(policies, { from, to, port, protocol }).isAllowed).toBe(allowed);
});

describe('the verdict', () => {
  test('names the policies that isolate, and the one that allows', () => {
    const [closed, open] = [onWeb({}), onWeb({ ingress: [{ ports: [{ port: 80 }] }] })];
    const traffic = { from: blue, to: web, port: 80, protocol: 'TCP' } as const;
    expect(judgeTraffic([closed, open], traffic).sides).toEqual([
      { type: 'Egress', isAllowed: true, isolating: [] },
      { type: 'Ingress', isAllowed: true, isolating: [closed, open], allowing: open },
    ]);
    expect(judgeTraffic([closed, open], { ...traffic, port: 81 }).sides[1]).toEqual({
      type: 'Ingress',
      isAllowed: false,
      isolating: [closed, open],
    });
  });
});
