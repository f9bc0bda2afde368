// A cluster whose data plane is known: a service `web` with two endpoints on node01.
import type { NamespaceTexts } from '../../../src/api/dataplane.ts';
import type { Ipv4 } from '../../../src/api/scalars.ts';
import { bridgePort } from '../../../src/api/wiring.ts';
import { type Links, saved, textsOf } from '../../support/dataplane/texts.ts';
import type { World } from './world.ts';

const bridge = { linkinfo: { info_kind: 'bridge' } };
const veth = (ifindex: number, peer: number, master?: string) => ({
  ifindex,
  link_index: peer,
  link_netnsid: 0,
  linkinfo: { info_kind: 'veth', ...(master ? { info_slave_data: { hairpin: true } } : {}) },
  ...(master ? { master } : {}),
});
const policyRules = JSON.stringify(
  ['local', 'main', 'default'].map((table, index) => ({ priority: [0, 32_766, 32_767][index], src: 'all', table })),
);
export const namespace = (
  machine: string,
  isOwn: boolean,
  { links, routes = [], details = {}, iptables = '', nft = '', sysctls, names }: Described,
): NamespaceTexts => ({
  ...{
    machine,
    isOwn,
    routes6: '[]',
    rules: policyRules,
    rules6: policyRules,
    neighbours: '[]',
    fdb: '[]',
    ip6tables: '',
    nft,
  },
  ...{
    iptables,
    iptablesLegacy: '',
    ip6tablesLegacy: '',
    ipset: '',
    ipvs: '',
    arpTables: '',
    xfrm: '',
    queues: '',
    recent: {},
  },
  ...(pick(textsOf(links, routes, {}, details)) as { addresses: string; routes: string; sysctls: string }),
  ...(sysctls === undefined ? {} : { sysctls }),
  ...(names === undefined ? {} : { names }),
  listeners: [8080, 30_080].map((port) => ({ protocol: 'tcp', address: '0.0.0.0', port })),
});
const pick = ({ addresses, routes, sysctls }: ReturnType<typeof textsOf>) => ({ addresses, routes, sysctls });
/** Nodes with these rules of `iptables-save`, by name, and native nft rules, for checks of one node's rules. */
export const nodesWith = (
  rules: Readonly<Record<string, string>>,
  nft: Readonly<Record<string, string>> = {},
): readonly NamespaceTexts[] =>
  Object.entries(rules).map(([name, iptables]) =>
    namespace(name, true, {
      links: { eth0: [`${machines[name as keyof typeof machines]}/24`], cni0: ['10.244.9.1/24'] },
      routes: [gateway],
      details: { cni0: bridge },
      iptables,
      nft: nft[name] ?? '',
    }),
  );

interface Described {
  readonly names?: readonly string[];
  readonly links: Links;
  readonly routes?: readonly object[];
  readonly details?: Readonly<Record<string, object>>;
  readonly iptables?: string;
  readonly nft?: string;
  readonly sysctls?: string;
}

const machines = {
  controlplane: '192.168.56.10',
  node01: '192.168.56.11',
  node02: '192.168.56.12',
  client: '192.168.56.100',
};
const gateway = { dst: 'default', gateway: '192.168.56.1', dev: 'eth0', flags: [] };

interface Changes {
  /** Lines of `iptables-save` on node01, after the rules of the service. */
  readonly rules?: string;
  readonly service?: string;
  readonly client?: string;
  readonly sysctls?: string;
  /** Of node01, besides that to the gateway. */
  readonly routes?: readonly object[];
  readonly ready?: boolean;
  /** The bridge of node01 has a port for a namespace that a student has made: `red`, 10.244.1.4. */
  readonly red?: boolean;
}

const bridgeRules = 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1';
export const serviceRules = `*nat
:SVC - [0:0]
:ONE - [0:0]
:TWO - [0:0]
-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j SVC
-A OUTPUT -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j SVC
-A PREROUTING -d 192.168.56.11/32 -p tcp -m tcp --dport 30080 -j SVC
-A SVC -m statistic --mode random --probability 0.50000000000 -j ONE
-A SVC -j TWO
-A ONE -s 10.244.1.2/32 -j MARK --set-xmark 0x4000/0x4000
-A ONE -p tcp -j DNAT --to-destination 10.244.1.2:8080
-A TWO -p tcp -j DNAT --to-destination 10.244.1.3:8080
-A POSTROUTING -s 192.168.56.100/32 -j MASQUERADE
-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE`;

/** Two pods, `one` and `two`, on node01, both endpoints of a service with a node port. */
export const world = ({
  rules = '',
  service = serviceRules,
  client = '',
  sysctls = bridgeRules,
  routes = [],
  ready = true,
  red = false,
}: Changes = {}): World => {
  const ports = Object.entries(machines).map(([, address]) => bridgePort(address as Ipv4));
  return {
    objects: {
      '/api/v1/pods': ['one', 'two'].map((name, index) => ({
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'node01', containers: [] },
        status: { podIP: `10.244.1.${index + 2}`, phase: 'Running' },
      })),
      '/api/v1/services': [
        {
          metadata: { name: 'web', namespace: 'default' },
          spec: { clusterIP: '10.96.0.1', ports: [{ port: 80, nodePort: 30_080 }] },
        },
      ],
      '/apis/discovery.k8s.io/v1/endpointslices': [
        {
          metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
          ports: [{ name: '', port: 8080, protocol: 'TCP' }],
          endpoints: ['10.244.1.2', '10.244.1.3'].map((address) => ({ addresses: [address], conditions: { ready } })),
        },
      ],
    },
    dataplane: [
      namespace('fabric', true, {
        links: { lab0: ['192.168.56.1/24'], ...Object.fromEntries(ports.map((port) => [port, []])) },
        details: {
          lab0: bridge,
          ...Object.fromEntries(ports.map((port) => [port, { master: 'lab0', linkinfo: { info_kind: 'veth' } }])),
        },
        sysctls: 'net.ipv4.ip_forward = 0',
      }),
      ...Object.entries(machines).map(([name, address]) =>
        namespace(name, true, {
          links:
            name === 'node01'
              ? {
                  eth0: [`${address}/24`],
                  cni0: ['10.244.1.1/24'],
                  vethA: [],
                  vethB: [],
                  ...(red ? { vethC: [] } : {}),
                }
              : { eth0: [`${address}/24`] },
          routes: name === 'node01' ? [gateway, ...routes] : [gateway],
          details: { cni0: bridge, vethA: veth(11, 2, 'cni0'), vethB: veth(12, 2, 'cni0'), vethC: veth(13, 2, 'cni0') },
          ...(name === 'node01' ? { iptables: saved(`${service}\n${rules}`), sysctls } : {}),
          ...(name === 'client' ? { iptables: saved(client) } : {}),
        }),
      ),
      ...(red ? [2, 3, 4] : [2, 3]).map((host) =>
        namespace('node01', false, {
          links: { eth0: [`10.244.1.${host}/24`] },
          routes: [{ dst: 'default', gateway: '10.244.1.1', dev: 'eth0', flags: [] }],
          details: { eth0: veth(2, host + 9) },
          ...(host === 4 ? { names: ['red'] } : {}),
        }),
      ),
    ],
  };
};
