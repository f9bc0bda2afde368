import { describe, expect, test } from 'vitest';
import { startRoutes } from './dispatch.ts';

const { call } = startRoutes();
const namespace = 'default';
const collection = (group: string, plural: string) => `/apis/${group}/namespaces/${namespace}/${plural}`;
const mergePatch = { 'content-type': 'application/merge-patch+json' };

describe('EndpointSlices of discovery.k8s.io/v1beta1', () => {
  const [stored, old] = ['v1', 'v1beta1'].map((version) => collection(`discovery.k8s.io/${version}`, 'endpointslices'));
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];

  test('show zone and node of an endpoint in its topology', async () => {
    const endpoints = [{ addresses: ['10.0.0.1'], nodeName: 'node01', zone: 'a', conditions: { ready: true } }];
    await call('POST', `${stored}`, { metadata: { name: 'shown' }, addressType: 'IPv4', endpoints, ports });
    const topology = { 'kubernetes.io/hostname': 'node01', 'topology.kubernetes.io/zone': 'a' };
    const { body } = await call('GET', `${old}/shown`);
    expect(body).toMatchObject({
      apiVersion: 'discovery.k8s.io/v1beta1',
      endpoints: [{ nodeName: 'node01', topology }],
    });
    expect(body.endpoints[0]).not.toHaveProperty('zone');
    const list = (await call('GET', `${old}?labelSelector=!x`)).body;
    expect(list.apiVersion).toBe('discovery.k8s.io/v1beta1');
    expect(
      list.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === 'shown').endpoints[0]
        .topology,
    ).toEqual(topology);
  });

  test('are stored as v1, and can be patched in both versions', async () => {
    const topology = { 'topology.kubernetes.io/zone': 'b' };
    const slice = {
      metadata: { name: 'old' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.2'], topology }],
      ports,
    };
    expect((await call('POST', `${old}`, slice)).body.apiVersion).toBe('discovery.k8s.io/v1beta1');
    await call('PATCH', `${old}/old`, { metadata: { labels: { patched: 'yes' } } }, mergePatch);
    const { body } = await call('GET', `${stored}/old`);
    expect(body).toMatchObject({ apiVersion: 'discovery.k8s.io/v1', metadata: { labels: { patched: 'yes' } } });
    expect(body.endpoints).toMatchObject([{ addresses: ['10.0.0.2'], zone: 'b' }]);
    expect(body.endpoints[0]).not.toHaveProperty('deprecatedTopology');
    expect((await call('DELETE', `${old}/old`)).code).toBe(200);
    expect((await call('GET', `${stored}/old`)).code).toBe(404);
  });

  test('may not be sent in another version than the URL names', async () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x' },
      addressType: 'IPv4',
    };
    expect((await call('POST', `${old}`, slice)).body.message).toContain('does not match the expected API version');
  });
});

describe('Events of events.k8s.io', () => {
  const core = `/api/v1/namespaces/${namespace}/events`;
  const newer = collection('events.k8s.io/v1', 'events');
  const regarding = { kind: 'Pod', namespace, name: 'p' };
  const common = {
    reason: 'Tested',
    type: 'Normal',
    action: 'Test',
    reportingInstance: 'i',
    eventTime: '2026-01-01T00:00:00.000000Z',
  };

  test('are the events of the core group, with other names of the fields', async () => {
    const event = { metadata: { name: 'new' }, ...common, regarding, note: 'done', reportingController: 'test.io/me' };
    expect((await call('POST', newer, event)).code).toBe(201);
    expect((await call('GET', `${core}/new`)).body).toMatchObject({
      apiVersion: 'v1',
      involvedObject: regarding,
      message: 'done',
      reportingComponent: 'test.io/me',
    });
    await call('POST', core, { metadata: { name: 'core' }, involvedObject: regarding, message: 'hi', count: 2 });
    expect((await call('GET', `${newer}/core`)).body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      eventTime: null,
      regarding,
      note: 'hi',
      deprecatedCount: 2,
    });
  });

  test('are selected by the fields of their own version', async () => {
    const { body } = await call('GET', `${newer}?fieldSelector=regarding.name=p,reportingController=test.io/me`);
    expect(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['new']);
    const wrong = await call('GET', `${newer}?fieldSelector=nonsense=x`);
    expect(wrong.body.message).toBe('field label not supported: nonsense');
  });

  test('need the fields that the new version demands', async () => {
    const { code, body } = await call('POST', newer, { metadata: { name: 'bare' }, regarding });
    expect([code, body.message]).toEqual([
      422,
      'Event.events.k8s.io "bare" is invalid: [eventTime: Required value, reportingController: Required value, reportingInstance: Required value, action: Required value, reason: Required value]',
    ]);
  });

  test('in a table carry their own version', async () => {
    const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const { body } = await call('GET', `${newer}?includeObject=Object`, undefined, accept);
    expect(body.rows[0].object).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding });
  });
});

test('discovery and OpenAPI name all versions, the preferred version first', async () => {
  const { groups } = (await call('GET', '/apis')).body;
  const versions = groups.map(({ name, versions: all }: { name: string; versions: { version: string }[] }) =>
    [name, ...all.map(({ version }) => version)].join(' '),
  );
  expect(versions).toContain('discovery.k8s.io v1 v1beta1');
  expect(versions).toContain('events.k8s.io v1');
  expect(versions).toContain('networking.k8s.io v1 v1beta1');
  const { resources } = (await call('GET', '/apis/discovery.k8s.io/v1beta1')).body;
  expect(resources.map(({ name }: { name: string }) => name)).toEqual(['endpointslices']);
  expect(Object.keys((await call('GET', '/openapi/v3')).body.paths)).toContain('apis/discovery.k8s.io/v1beta1');
});

describe('ranges of service addresses', () => {
  const ranges = '/apis/networking.k8s.io/v1/servicecidrs';
  const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
  const createService = async (name: string, clusterIP: string) =>
    (
      await call('POST', `/api/v1/namespaces/${namespace}/services`, {
        metadata: { name },
        spec: { clusterIP, ports: [{ port: 80 }] },
      })
    ).body.message;

  test('a further one gives addresses when it is ready', async () => {
    expect((await call('GET', `${ranges}/kubernetes`)).body.spec.cidrs).toEqual(['10.96.0.0/12']);
    await call('POST', ranges, { metadata: { name: 'more' }, spec: { cidrs: ['10.196.196.0/24'] } });
    expect(await createService('early', '10.196.196.77')).toContain(
      'the provided IP (10.196.196.77) is not in the valid range',
    );
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: '', message: '' }] };
    expect((await call('PATCH', `${ranges}/more/status`, { status }, mergePatch)).code).toBe(200);
    expect(await createService('late', '10.196.196.77')).toBeUndefined();
    expect(await createService('again', '10.196.196.77')).toContain('already allocated');
  });

  test('an address that somebody reserved is not given away', async () => {
    const parentRef = { resource: 'gateways', group: 'example.com', namespace, name: 'g' };
    expect((await call('POST', addresses, { metadata: { name: '10.96.77.77' }, spec: { parentRef } })).code).toBe(201);
    expect(await createService('taken', '10.96.77.77')).toContain('already allocated');
    const moved = { spec: { parentRef: { ...parentRef, name: 'other' } } };
    expect((await call('PATCH', `${addresses}/10.96.77.77`, moved, mergePatch)).body.message).toContain('immutable');
  });

  test.each([
    [[], 'spec.cidrs: Required value: at least one CIDR required'],
    [['10.0.0.0'], 'spec.cidrs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value'],
    [['10.0.0.1/24'], 'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must be in canonical form ("10.0.0.0/24")'],
    [['fd00::/108'], 'spec.cidrs[0]: Forbidden: labs supports no range of IPv6'],
  ])('%j is refused', async (cidrs, says) => {
    expect((await call('POST', ranges, { metadata: { name: 'wrong' }, spec: { cidrs } })).body.message).toContain(says);
  });

  test('a range cannot change', async () => {
    const patch = { spec: { cidrs: ['10.0.0.0/24'] } };
    expect((await call('PATCH', `${ranges}/kubernetes`, patch, mergePatch)).body.message).toContain('immutable');
  });

  test('an address has the form of its family as its name, and an owner', async () => {
    expect((await call('POST', addresses, { metadata: { name: 'x' }, spec: {} })).body.message).toContain(
      'metadata.name: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff), spec.parentRef: Required value',
    );
  });
});
