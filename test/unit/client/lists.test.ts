// Tests of lists in pages, and of servers that ask for a pause.
import { expect, test, vi } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { createBackoff } from '../../../src/node/client/backoff.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { createInformer } from '../../../src/node/client/informer.ts';
import { startScriptedServer } from './scripted-server.ts';

const page = (names: readonly string[], next?: string) => ({
  body: {
    kind: 'ConfigMapList',
    metadata: { resourceVersion: '7', ...(next === undefined ? {} : { continue: next }) },
    items: names.map((name) => ({ metadata: { name, namespace: 'default' } })),
  },
});
const namesOf = ({ items }: { items: ConfigMap[] }): string[] => items.map(({ metadata }) => metadata.name);
const expired = { status: 410, body: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };

test('a list is read page by page', async () => {
  await using server = await startScriptedServer(({ url }) =>
    url.includes('continue=second') ? page(['c']) : page(['a', 'b'], 'second'),
  );
  expect(namesOf(await createClient({ server: server.url }).list(configMaps))).toEqual(['a', 'b', 'c']);
  expect(server.asked.map(({ url }) => url)).toEqual([
    '/api/v1/configmaps?limit=1000',
    '/api/v1/configmaps?limit=1000&continue=second',
  ]);
});

test('if the server has forgotten the first page, the list is read again in one page', async () => {
  await using server = await startScriptedServer(({ url }) =>
    url.includes('continue') ? expired : url.includes('limit') ? page(['a'], 'second') : page(['a', 'b']),
  );
  expect(namesOf(await createClient({ server: server.url }).list(configMaps))).toEqual(['a', 'b']);
});

test('the items of an empty list may be null', async () => {
  await using server = await startScriptedServer(() => ({
    body: { kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: null },
  }));
  expect(await createClient({ server: server.url }).list(configMaps)).toMatchObject({ items: [] });
});

test('an answer of another kind does not count as an empty list', async () => {
  await using server = await startScriptedServer(() => ({ body: { kind: 'Status', metadata: {}, status: 'Success' } }));
  await expect(createClient({ server: server.url }).list(configMaps)).rejects.toThrow(/with Status, not a list/);
});

test('the error of a refused request has the pause that the server asks for', async () => {
  const busy = { status: 429, headers: { 'Retry-After': '3' }, body: 'too many requests' };
  await using server = await startScriptedServer(() => busy);
  const client = createClient({ server: server.url });
  await expect(client.list(configMaps)).rejects.toMatchObject({ code: 429, retryAfterMs: 3000 });
  const watch = client.watch(configMaps, { resourceVersion: '1', signal: AbortSignal.timeout(5000) });
  await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 429, retryAfterMs: 3000 });
});

test('the back-off waits at least as long as that pause', async () => {
  const started = performance.now();
  await createBackoff(1, 1).wait(new AbortController().signal, 50);
  expect(performance.now() - started).toBeGreaterThan(45);
});

test('the informer does not retry in a tight loop if the server forgets each revision at once', async () => {
  await using server = await startScriptedServer(({ url }) => (url.includes('watch') ? expired : page(['a'])));
  const stop = new AbortController();
  const failures: unknown[] = [];
  const logger = { info() {}, warning() {}, error() {}, enabled: () => false };
  const onError = (error: unknown) => void failures.push(error);
  createInformer(createClient({ server: server.url }), configMaps, { signal: stop.signal, logger, onError });
  await vi.waitUntil(() => failures.length >= 2);
  stop.abort();
  // There is one list and one watch for each reported failure, and a pause after each failure.
  expect(server.asked.length).toBeLessThanOrEqual(2 * (failures.length + 1));
});
