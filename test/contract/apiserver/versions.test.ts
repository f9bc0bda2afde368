import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeEvent } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { endpointSlices, events, type Resource } from '../../../src/api/resources.ts';
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
const json = async (path: string) => JSON.parse((await server.client.raw(path)).body);

describe('EndpointSlices of discovery.k8s.io/v1beta1', () => {
  const old = { ...endpointSlices, version: 'v1beta1' } as Resource<EndpointSlice & KubeObject>;
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' as const }];

  test('show zone and node of an endpoint in its topology', async () => {
    const endpoints = [{ addresses: ['10.0.0.1'], nodeName: 'node01', zone: 'a', conditions: { ready: true } }];
    const metadata = { name: 'shown', namespace };
    await server.client.create(endpointSlices, { metadata, addressType: 'IPv4', endpoints, ports });
    const topology = { 'kubernetes.io/hostname': 'node01', 'topology.kubernetes.io/zone': 'a' };
    const shown = await server.client.get(old, metadata);
    expect(shown).toMatchObject({
      apiVersion: 'discovery.k8s.io/v1beta1',
      endpoints: [{ nodeName: 'node01', topology }],
    });
    expect(shown.endpoints[0]).not.toHaveProperty('zone');
    const list = await json('/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices');
    expect([list.apiVersion, list.items[0].endpoints[0].topology]).toEqual(['discovery.k8s.io/v1beta1', topology]);
    const { signal } = new AbortController();
    const [event] = await take(server.client.watch(old, { namespace, resourceVersion: '0', signal }), 1);
    expect(event?.object).toMatchObject({ apiVersion: 'discovery.k8s.io/v1beta1', endpoints: [{ topology }] });
  });

  test('are stored as v1, and can be patched in both versions', async () => {
    const metadata = { name: 'old', namespace };
    const topology = { 'topology.kubernetes.io/zone': 'b' };
    const slice = { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.2'], topology }], ports };
    await server.client.create(old, slice as unknown as EndpointSlice);
    await server.client.patch(old, metadata, { metadata: { labels: { patched: 'yes' } } });
    const stored = await server.client.get(endpointSlices, metadata);
    expect(stored).toMatchObject({ apiVersion: 'discovery.k8s.io/v1', metadata: { labels: { patched: 'yes' } } });
    expect(stored.endpoints).toEqual([{ addresses: ['10.0.0.2'], zone: 'b', conditions: {} }]);
    await server.client.delete(old, metadata);
    await expect(server.client.get(endpointSlices, metadata)).rejects.toMatchObject({ code: 404 });
  });
});

describe('Events of events.k8s.io', () => {
  const newer = { ...events, group: 'events.k8s.io' } as Resource<KubeObject>;
  const regarding = { kind: 'Pod', namespace, name: 'p' };
  const common = {
    reason: 'Tested',
    type: 'Normal',
    action: 'Test',
    reportingInstance: 'i',
    eventTime: '2026-01-01T00:00:00.000000Z',
  };

  test('are the events of the core group, with other names of the fields', async () => {
    const metadata = { name: 'new', namespace };
    const event = { metadata, ...common, regarding, note: 'done', reportingController: 'test.io/me' };
    await server.client.create(newer, event as KubeObject);
    expect(await server.client.get(events, metadata)).toMatchObject({
      apiVersion: 'v1',
      involvedObject: regarding,
      message: 'done',
      reportingComponent: 'test.io/me',
    });
    const core: KubeEvent = {
      metadata: { name: 'core', namespace },
      involvedObject: regarding,
      message: 'hi',
      count: 2,
    };
    await server.client.create(events, core);
    expect(await server.client.get(newer, core.metadata)).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      eventTime: null,
      regarding,
      note: 'hi',
      deprecatedCount: 2,
    });
  });

  test('are selected by the fields of their own version', async () => {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events?fieldSelector=`;
    const { items } = await json(`${path}regarding.name=p,reportingController=test.io/me`);
    expect(items.map(({ metadata }: KubeObject) => metadata.name)).toEqual(['new']);
    expect((await json(`${path}nonsense=x`)).message).toBe('field label not supported: nonsense');
  });

  test('need the fields that the new version demands', async () => {
    const event = { metadata: { name: 'bare', namespace }, regarding };
    await expect(server.client.create(newer, event as KubeObject)).rejects.toThrow(
      'Event.events.k8s.io "bare" is invalid: [eventTime: Required value, reportingController: Required value, reportingInstance: Required value, action: Required value, reason: Required value]',
    );
  });

  test('appear in the lists and tables of kubectl', async () => {
    expect(await server.kubectl('get', 'events.events.k8s.io')).toContain('Tested');
    expect(await server.kubectl('events')).toContain('hi');
    const note = 'jsonpath={.items[?(@.metadata.name=="new")].note}';
    expect(await server.kubectl('get', 'events.v1.events.k8s.io', '-o', note)).toBe('done');
  });
});

test('discovery and OpenAPI name all versions, the preferred version first', async () => {
  const { groups } = await json('/apis');
  const versions = groups.map(({ name, versions: all }: { name: string; versions: { version: string }[] }) =>
    [name, ...all.map(({ version }) => version)].join(' '),
  );
  expect(versions).toContain('discovery.k8s.io v1 v1beta1');
  expect(versions).toContain('events.k8s.io v1');
  const { resources } = await json('/apis/discovery.k8s.io/v1beta1');
  expect(resources.map(({ name }: { name: string }) => name)).toEqual(['endpointslices']);
  expect(Object.keys((await json('/openapi/v3')).paths)).toContain('apis/discovery.k8s.io/v1beta1');
  expect(
    await server.kubectl('explain', 'endpointslice.endpoints.topology', '--api-version=discovery.k8s.io/v1beta1'),
  ).toContain('topology');
});
