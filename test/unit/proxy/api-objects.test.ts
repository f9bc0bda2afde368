// Older API servers with v1beta1 EndpointSlices, and API servers that are not ready yet.
import { expect, test } from 'vitest';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { followObjects, reachServer } from '../../../src/node/proxy/view/api-objects.ts';
import { silent } from '../../support/proxy/replay.ts';
import { type Reply, startScriptedServer } from '../client/scripted-server.ts';

const group = (...versions: string[]): Reply => ({ body: { versions: versions.map((version) => ({ version })) } });
const signal = AbortSignal.timeout(9000);

test.each([
  ['v1', group('v1', 'v1beta1')],
  ['v1', group('v1')],
  ['v1beta1', group('v1beta1')],
  ['v1', { status: 404 }],
  ['v1', { status: 403 }],
] as const)('reads EndpointSlices as %s after the answer %j', async (version, reply) => {
  await using server = await startScriptedServer(() => reply);
  expect(await reachServer(createClient({ server: server.url }), silent, signal)).toMatchObject({ version });
});

test.each([401, 429, 503])('waits for a server that first answers %i', async (status) => {
  await using server = await startScriptedServer((_asked, count) => (count < 3 ? { status } : group('v1')));
  await reachServer(createClient({ server: server.url }), silent, signal);
  expect(server.asked).toHaveLength(3);
});

test('converts a v1beta1 slice to v1', async () => {
  const topology = { 'kubernetes.io/hostname': 'n2', 'topology.kubernetes.io/zone': 'zone-b' };
  const slice = {
    metadata: { name: 's', namespace: 'd' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], topology }],
  };
  const list = (items: object[]): Reply => ({ body: { kind: 'List', metadata: { resourceVersion: '1' }, items } });
  await using server = await startScriptedServer(({ url }) =>
    url.endsWith('/apis/discovery.k8s.io')
      ? group('v1beta1')
      : list(url.includes('v1beta1/endpointslices') ? [slice] : []),
  );
  const client = createClient({ server: server.url });
  const stop = new AbortController();
  const told: (EndpointSlice | undefined)[] = [];
  const handlers = {
    onNode() {},
    onService() {},
    onSlice: (_before: unknown, after: EndpointSlice | undefined) => void told.push(after),
  };
  const slices = await reachServer(client, silent, signal);
  await followObjects({ client, nodeName: 'n1', slices, handlers, log: silent, signal: stop.signal }).slices;
  stop.abort();
  expect(told[0]?.endpoints).toEqual([{ addresses: ['10.0.0.1'], nodeName: 'n2', zone: 'zone-b' }]);
});
