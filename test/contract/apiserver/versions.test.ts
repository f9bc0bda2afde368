import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { endpointSlices, ipAddresses, type Resource, services } from '../../../src/api/resources.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';
import { take } from './subject.ts';

let server: RunningApiserver;
beforeAll(async () => {
  server = await startApiserver();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const namespace = 'default';

test('a watch shows the objects in the version that the client asks for', async () => {
  const old: Resource<EndpointSlice> = { ...endpointSlices, version: 'v1beta1' };
  const endpoints = [{ addresses: ['10.0.0.1'], nodeName: 'node01', conditions: { ready: true } }];
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' as const }];
  await server.client.create(endpointSlices, {
    metadata: { name: 'a', namespace },
    addressType: 'IPv4',
    endpoints,
    ports,
  });
  const { signal } = new AbortController();
  const events = await take(server.client.watch(old, { namespace, resourceVersion: '0', signal }), 2);
  const shown = events.map(({ object }) => object).find(({ metadata }) => metadata.name === 'a');
  const topology = { 'kubernetes.io/hostname': 'node01' };
  expect(shown).toMatchObject({ apiVersion: 'discovery.k8s.io/v1beta1', endpoints: [{ topology }] });
});

test('kubectl shows events of both groups', async () => {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const regarding = { kind: 'Pod', namespace, name: 'p' };
  const event = {
    metadata: { name: 'new' },
    regarding,
    reason: 'Tested',
    type: 'Normal',
    action: 'Test',
    note: 'done',
  };
  const rest = { reportingInstance: 'i', reportingController: 'test.io/me', eventTime: '2026-01-01T00:00:00.000000Z' };
  await server.send('POST', path, 'application/json', { ...event, ...rest });
  expect(await server.kubectl('get', 'events.events.k8s.io')).toContain('Tested');
  expect(await server.kubectl('events')).toContain('done');
});

test('each address of a service has an IPAddress, and the cluster has a range from the start', async () => {
  expect(await server.kubectl('get', 'servicecidrs')).toMatch(/^kubernetes +10\.96\.0\.0\/12 /m);
  expect(await server.kubectl('describe', 'servicecidr', 'kubernetes')).toContain('10.96.0.0/12');
  expect(await server.kubectl('get', 'ip')).toMatch(/^10\.96\.0\.1 +services\/default\/kubernetes /m);
  const service: Service = { metadata: { name: 'listed', namespace }, spec: { ports: [{ port: 80 }] } };
  const made = await server.client.create(services, service);
  const key = { name: made.spec.clusterIP ?? '' };
  expect((await server.client.get(ipAddresses, key)).spec?.parentRef).toMatchObject({ name: 'listed', namespace });
  await server.client.delete(services, made.metadata);
  await expect(server.client.get(ipAddresses, key)).rejects.toMatchObject({ code: 404 });
});
