import { expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import { reachedPort } from '../../../src/host/grade/view/service-port.ts';

const services: readonly Service[] = [
  { metadata: { name: 'headless' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
  {
    metadata: { name: 'web' },
    spec: {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1', 'fd00::1'],
      externalIPs: ['192.0.2.7'],
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
        { name: 'http', port: 80, nodePort: 30080 },
      ],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.168.56.224' }] } },
  },
];

test.each([
  ['10.96.0.1', 80, 'tcp', false, 'http by inside'],
  ['fd00::1', 80, 'tcp', false, 'http by inside'],
  ['10.96.0.1', 53, 'udp', false, 'dns by inside'],
  ['10.96.0.1', 53, 'tcp', false, undefined],
  ['192.0.2.7', 80, 'tcp', false, 'http by outside'],
  ['192.168.56.224', 80, 'tcp', false, 'http by outside'],
  ['192.168.56.224', 30080, 'tcp', false, undefined],
  ['192.168.56.11', 30080, 'tcp', true, 'http by node'],
  ['192.168.56.11', 30080, 'tcp', false, undefined],
  ['192.168.56.11', 80, 'tcp', true, undefined],
] as const)('%s:%i over %s (a node: %s) is %s', (address, port, protocol, isNode, wanted) => {
  const found = reachedPort(services, { address, port, protocol, isNode });
  expect(found && `${found.port.name} by ${found.by}`).toBe(wanted);
});
