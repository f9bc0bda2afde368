import { expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { FakeNetfilter } from './fake-netfilter.ts';
import { createRig } from './replay.ts';

const dns = (clusterIP: string, protocol: 'UDP' | 'TCP' = 'UDP'): Service => ({
  metadata: { name: 'dns', namespace: 'default' },
  spec: { type: 'NodePort', clusterIP, ports: [{ name: 'dns', port: 53, nodePort: 30053, protocol }] },
});
const slice = (protocol: 'UDP' | 'TCP', ...ips: string[]): EndpointSlice => ({
  metadata: { name: 'dns-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'dns' } },
  addressType: 'IPv4',
  ports: [{ name: 'dns', protocol, port: 5353 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});

test('flows to an endpoint that was lost are forgotten, at each address of the service', async () => {
  const rig = createRig(new FakeNetfilter());
  rig.proxier.onService(undefined, dns('10.96.0.10'));
  rig.proxier.onSlice(undefined, slice('UDP', '10.0.0.1', '10.0.0.2'));
  await rig.sync();
  rig.forgotten.length = 0;
  rig.proxier.onSlice(slice('UDP', '10.0.0.1', '10.0.0.2'), slice('UDP', '10.0.0.2'));
  await rig.sync();
  expect(rig.forgotten).toEqual([
    { destination: '10.96.0.10', port: 53, nat: '10.0.0.1' },
    { port: 30053, nat: '10.0.0.1' },
  ]);
});

test('a service that gets its first endpoint forgets what went nowhere', async () => {
  const rig = createRig(new FakeNetfilter());
  rig.proxier.onService(undefined, dns('10.96.0.10'));
  await rig.sync();
  expect(rig.forgotten).toEqual([]);
  rig.proxier.onSlice(undefined, slice('UDP', '10.0.0.1'));
  await rig.sync();
  expect(rig.forgotten).toEqual([{ destination: '10.96.0.10', port: 53 }, { port: 30053 }]);
});

test('a service that gets another address forgets the flows to the old one', async () => {
  const rig = createRig(new FakeNetfilter());
  rig.proxier.onService(undefined, dns('10.96.0.10'));
  rig.proxier.onSlice(undefined, slice('UDP', '10.0.0.1'));
  await rig.sync();
  rig.forgotten.length = 0;
  rig.proxier.onService(dns('10.96.0.10'), dns('10.96.0.11'));
  await rig.sync();
  expect(rig.forgotten).toContainEqual({ destination: '10.96.0.10', port: 53, nat: '10.0.0.1' });
});

test('what a failed sync left undone is forgotten by the next', async () => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel);
  rig.proxier.onService(undefined, dns('10.96.0.10'));
  rig.proxier.onSlice(undefined, slice('UDP', '10.0.0.1', '10.0.0.2'));
  await rig.sync();
  rig.forgotten.length = 0;
  rig.proxier.onSlice(slice('UDP', '10.0.0.1', '10.0.0.2'), slice('UDP', '10.0.0.2'));
  kernel.failures = 1;
  await expect(rig.sync()).rejects.toThrow();
  expect(rig.forgotten).toEqual([]);
  await rig.sync();
  expect(rig.forgotten).toHaveLength(2);
});

test('TCP connections are left alone', async () => {
  const rig = createRig(new FakeNetfilter());
  rig.proxier.onService(undefined, dns('10.96.0.10', 'TCP'));
  rig.proxier.onSlice(undefined, slice('TCP', '10.0.0.1'));
  await rig.sync();
  rig.proxier.onSlice(slice('TCP', '10.0.0.1'), undefined);
  await rig.sync();
  expect(rig.forgotten).toEqual([]);
});
