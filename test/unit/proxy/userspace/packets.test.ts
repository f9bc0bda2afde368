// Virtual packets through the rules of userspace mode: which relay they reach, and to which endpoints it leads.
import { expect, test } from 'vitest';
import type { Service } from '../../../../src/api/core.ts';
import type { Packet } from '../../../../src/dataplane/packet.ts';
import { parseRuleset } from '../../../../src/dataplane/parse.ts';
import { renderRule } from '../../../../src/dataplane/render.ts';
import { trace } from '../../../../src/dataplane/trace.ts';
import type { Place } from '../../../../src/node/proxy/userspace/place.ts';
import { FakeNetfilter } from '../../../support/proxy/fake-netfilter.ts';
import { createUserspaceRig } from '../../../support/proxy/userspace/rig.ts';
import { a, b, here, local, nodePort, onNode, outside, pod, there } from '../cluster.ts';

interface Case {
  readonly name: string;
  readonly spec?: Partial<Service['spec']>;
  readonly place?: Partial<Place>;
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'tcp' | 'udp';
  readonly inInterface?: string;
  /** The address at which the packet reaches the relay; `undefined`: it reaches none. */
  readonly at: string | undefined;
  /** Endpoints of the relay. */
  readonly endpoints?: readonly string[];
}

const node = '192.168.56.11';
const vip = '10.96.0.20:80';
const external = { externalIPs: ['203.0.113.7'] };
const [both, ours] = [[`${a}:8080`, `${b}:8080`], [`${a}:8080`]];
const udp = { ports: [{ name: 'p', port: 80, protocol: 'UDP' as const }] };

test.each<Case>([
  {
    name: 'redirects a pod to the relay on its node',
    from: pod,
    to: vip,
    inInterface: 'cni0',
    at: node,
    endpoints: both,
  },
  { name: 'redirects a client outside', from: outside, to: vip, inInterface: 'eth0', at: node, endpoints: both },
  { name: 'sends the node to its own address', from: node, to: vip, at: node, endpoints: both },
  {
    name: 'ignores another port of the cluster IP',
    from: pod,
    to: '10.96.0.20:81',
    inInterface: 'cni0',
    at: undefined,
  },
  { name: 'ignores another protocol', from: pod, to: vip, protocol: 'udp', inInterface: 'cni0', at: undefined },
  {
    name: 'relays UDP',
    spec: udp,
    from: pod,
    to: vip,
    protocol: 'udp',
    inInterface: 'cni0',
    at: node,
    endpoints: both,
  },
  { name: 'relays UDP from the node', spec: udp, from: node, to: vip, protocol: 'udp', at: node, endpoints: both },
  {
    name: 'redirects a client outside at an external IP',
    spec: external,
    from: outside,
    to: '203.0.113.7:80',
    inInterface: 'eth0',
    at: node,
    endpoints: both,
  },
  {
    name: 'redirects a pod at an external IP',
    spec: external,
    from: pod,
    to: '203.0.113.7:80',
    inInterface: 'cni0',
    at: node,
    endpoints: both,
  },
  {
    name: 'redirects a client outside at a node port',
    spec: nodePort,
    from: outside,
    to: `${node}:30080`,
    inInterface: 'eth0',
    at: node,
    endpoints: both,
  },
  {
    name: 'redirects the node at its node port',
    spec: nodePort,
    from: node,
    to: `${node}:30080`,
    at: node,
    endpoints: both,
  },
  {
    name: 'redirects the node at a node port on loopback',
    spec: nodePort,
    from: '127.0.0.1',
    to: '127.0.0.1:30080',
    at: node,
    endpoints: both,
  },
  {
    name: 'ignores the node port number at an address of another machine',
    spec: nodePort,
    from: pod,
    to: '192.0.2.1:30080',
    inInterface: 'cni0',
    at: undefined,
  },
  {
    name: 'ignores a node port outside --nodeport-addresses',
    ...{ spec: nodePort, place: { nodePortAddresses: ['10.244.1.1'] } },
    ...{ from: outside, to: `${node}:30080`, inInterface: 'eth0', at: undefined },
  },
  {
    name: 'redirects at a node port within --nodeport-addresses',
    ...{ spec: nodePort, place: { nodePortAddresses: ['10.244.1.1'] } },
    ...{ from: pod, to: '10.244.1.1:30080', inInterface: 'cni0', at: node, endpoints: both },
  },
  {
    name: 'policy Local uses only local endpoints for clients outside',
    spec: local,
    from: outside,
    to: `${node}:30080`,
    inInterface: 'eth0',
    at: node,
    endpoints: ours,
  },
  {
    name: 'policy Local uses all endpoints for pods',
    spec: local,
    from: pod,
    to: `${node}:30080`,
    inInterface: 'cni0',
    at: node,
    endpoints: both,
  },
  {
    name: 'policy Local uses all endpoints for the node',
    spec: local,
    from: node,
    to: `${node}:30080`,
    at: node,
    endpoints: both,
  },
  {
    name: 'policy Local uses all endpoints for the cluster IP',
    spec: local,
    from: outside,
    to: vip,
    inInterface: 'eth0',
    at: node,
    endpoints: both,
  },
  {
    name: 'internal policy Local uses only local endpoints for pods',
    spec: { internalTrafficPolicy: 'Local' },
    from: pod,
    to: vip,
    inInterface: 'cni0',
    at: node,
    endpoints: ours,
  },
  {
    name: 'internal policy Local uses only local endpoints for the node',
    spec: { internalTrafficPolicy: 'Local' },
    from: node,
    to: vip,
    at: node,
    endpoints: ours,
  },
  {
    name: 'internal policy Local uses all endpoints for node ports',
    ...{ spec: { ...nodePort, internalTrafficPolicy: 'Local' } },
    ...{ from: outside, to: `${node}:30080`, inInterface: 'eth0', at: node, endpoints: both },
  },
  {
    name: 'sends all packets to the address of --bind-address',
    place: { listensEverywhere: false, listenAddress: '10.244.1.1', nodeAddress: '10.244.1.1' },
    ...{ from: outside, to: vip, inInterface: 'eth0', at: '10.244.1.1', endpoints: both },
  },
])('$name', async ({ spec = {}, place, from, to, protocol = 'tcp', inInterface, at, endpoints }) => {
  const kernel = new FakeNetfilter();
  const rig = createUserspaceRig(() => kernel, place);
  rig.proxier.onService(undefined, service(spec));
  rig.proxier.onSlice(undefined, {
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: spec.ports?.[0]?.protocol ?? 'TCP', port: 8080 }],
    endpoints: [here(a), there(b)],
  });
  await rig.sync();
  const packet: Packet = { from, to, protocol, ...(inInterface === undefined ? {} : { inInterface }) };
  const [verdict, ...others] = trace(parseRuleset(await kernel.save()), packet, onNode);
  const story = verdict?.path.map(({ rule }) => renderRule(rule)).join('\n');
  expect(others).toEqual([]);
  expect(verdict).toMatchObject({ fate: 'accepted', masq: false });
  if (at === undefined) return expect(verdict?.lands, story).toBe(to);
  const [address, port] = verdict?.lands.split(':') ?? [];
  expect(address, story).toBe(at);
  const bound = [...rig.ports.bound].find((each) => each.port === Number(port));
  expect(bound?.relay.endpoints, story).toEqual(endpoints);
  expect(['0.0.0.0', at]).toContain(bound?.address);
});

const service = (spec: Partial<Service['spec']>): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    clusterIP: '10.96.0.20',
    ports: [{ name: 'p', port: 80, ...(spec.type === 'NodePort' ? { nodePort: 30080 } : {}) }],
    ...spec,
  },
});

test('the rules of a service equal those of kube-proxy 1.20, plus two that protect its relay', async () => {
  const kernel = new FakeNetfilter();
  const rig = createUserspaceRig(() => kernel);
  rig.proxier.onService(undefined, service(nodePort));
  await rig.sync();
  expect(
    (await kernel.save())
      .split('\n')
      .filter((line) => line.startsWith('-A'))
      .sort(),
  ).toEqual([
    '-A INPUT -m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL',
    '-A INPUT -m conntrack --ctstate NEW -j KUBE-PORTALS-FIREWALL',
    '-A KUBE-NODEPORT-CONTAINER -p tcp -m comment --comment "default/web:p" -m tcp --dport 30080 -j REDIRECT --to-ports 40000',
    '-A KUBE-NODEPORT-HOST -p tcp -m comment --comment "default/web:p" -m tcp --dport 30080 -j DNAT --to-destination 192.168.56.11:40000',
    '-A KUBE-NODEPORT-NON-LOCAL -p tcp -m comment --comment "default/web:p" -m tcp --dport 40000 -m state --state NEW -j ACCEPT',
    '-A KUBE-PORTALS-CONTAINER -d 10.96.0.20/32 -p tcp -m comment --comment "default/web:p" -m tcp --dport 80 -j REDIRECT --to-ports 40000',
    '-A KUBE-PORTALS-FIREWALL ! -i lo -p tcp -m comment --comment "default/web:p" -m tcp --dport 40000 -m conntrack ! --ctstate DNAT -j DROP',
    '-A KUBE-PORTALS-HOST -d 10.96.0.20/32 -p tcp -m comment --comment "default/web:p" -m tcp --dport 80 -j DNAT --to-destination 192.168.56.11:40000',
    '-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-HOST',
    '-A OUTPUT -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-HOST',
    '-A PREROUTING -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-CONTAINER',
    '-A PREROUTING -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-CONTAINER',
  ]);
});
