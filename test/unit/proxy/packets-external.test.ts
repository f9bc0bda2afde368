// Where packets from outside go: node ports, external IPs, load balancers.
import { describe, test } from 'vitest';
import { a, b, type Case, draining, expectPacket, here, local, nodePort, outside, pod, there } from './cluster.ts';

describe('a node port', () => {
  test.each<Case>([
    {
      name: 'leads from outside to an endpoint, masqueraded',
      spec: nodePort,
      endpoints: [there(b)],
      from: outside,
      to: '192.168.56.11:30080',
      lands: [`${b}:8080`],
      masq: true,
    },
    {
      name: 'answers on every address of the node',
      spec: nodePort,
      endpoints: [there(b)],
      from: pod,
      to: '10.244.1.1:30080',
      lands: [`${b}:8080`],
    },
    {
      name: 'answers on localhost',
      spec: nodePort,
      endpoints: [there(b)],
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands: [`${b}:8080`],
      masq: true,
    },
    {
      name: 'does not answer for other machines',
      spec: nodePort,
      endpoints: [there(b)],
      from: pod,
      to: '192.168.56.12:30080',
      lands: ['192.168.56.12:30080'],
    },
    {
      name: 'rejects without endpoints',
      spec: nodePort,
      from: outside,
      to: '192.168.56.11:30080',
      lands: ['192.168.56.11:30080'],
      fate: 'rejected',
    },
    {
      name: 'keeps the client address under policy Local',
      spec: local,
      endpoints: [here(a), there(b)],
      from: outside,
      to: '192.168.56.11:30080',
      lands: [`${a}:8080`],
      masq: false,
    },
    {
      name: 'drops under policy Local without a local endpoint',
      spec: local,
      endpoints: [there(b)],
      from: outside,
      to: '192.168.56.11:30080',
      lands: ['192.168.56.11:30080'],
      fate: 'dropped',
    },
    {
      name: 'lets pods go anywhere under policy Local',
      spec: local,
      endpoints: [there(b)],
      from: pod,
      to: '192.168.56.11:30080',
      lands: [`${b}:8080`],
      masq: false,
    },
    {
      name: 'lets the node itself go anywhere under policy Local',
      spec: local,
      endpoints: [there(b)],
      from: '192.168.56.11',
      to: '192.168.56.11:30080',
      lands: [`${b}:8080`],
      masq: true,
    },
    {
      name: 'falls back to a draining local endpoint under policy Local',
      spec: local,
      endpoints: [here(a, draining), there(b)],
      from: outside,
      to: '192.168.56.11:30080',
      lands: [`${a}:8080`],
    },
  ])('$name', (packet) => expectPacket(packet));
});

describe('an external address', () => {
  const balancer: Case['spec'] = { type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24'] };
  test.each<Case>([
    {
      name: 'leads to an endpoint',
      spec: { externalIPs: ['203.0.113.5'] },
      endpoints: [there(b)],
      from: outside,
      to: '203.0.113.5:80',
      lands: [`${b}:8080`],
      masq: true,
    },
    {
      name: 'rejects without endpoints',
      spec: { externalIPs: ['203.0.113.5'] },
      from: outside,
      to: '203.0.113.5:80',
      lands: ['203.0.113.5:80'],
      fate: 'rejected',
    },
    {
      name: 'of a load balancer leads to an endpoint',
      spec: { type: 'LoadBalancer' },
      loadBalancerIp: '203.0.113.9',
      endpoints: [there(b)],
      from: outside,
      to: '203.0.113.9:80',
      lands: [`${b}:8080`],
    },
    {
      name: 'accepts a client within the source ranges',
      spec: balancer,
      loadBalancerIp: '203.0.113.9',
      endpoints: [there(b)],
      from: '198.51.100.7',
      to: '203.0.113.9:80',
      lands: [`${b}:8080`],
    },
    {
      name: 'drops a client outside of the source ranges',
      spec: balancer,
      loadBalancerIp: '203.0.113.9',
      endpoints: [there(b)],
      from: outside,
      to: '203.0.113.9:80',
      lands: ['203.0.113.9:80'],
      fate: 'dropped',
    },
    {
      name: 'does not restrict its node port by source ranges',
      spec: balancer,
      loadBalancerIp: '203.0.113.9',
      endpoints: [there(b)],
      from: outside,
      to: '192.168.56.11:30080',
      lands: [`${b}:8080`],
    },
  ])('$name', (packet) => expectPacket(packet));
});
