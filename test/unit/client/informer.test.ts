import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { Logger } from '../../../src/kit/logger.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { ApiError } from '../../../src/node/client/error.ts';
import { createInformer } from '../../../src/node/client/informer.ts';
import type { Informer } from '../../../src/node/client/types.ts';
import { type FakeServer, startFakeServer } from './fake-server.ts';

const silent: Logger = { info() {}, warning() {}, error() {}, enabled: () => false };
let server: FakeServer;
let stop: AbortController;

beforeEach(async () => {
  server = await startFakeServer();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('test over'));
  await server.down();
});

const follow = (): { informer: Informer<ConfigMap>; changes: string[] } => {
  const informer = createInformer(createClient(server.config), configMaps, { signal: stop.signal, logger: silent });
  const changes: string[] = [];
  informer.onChange((before, after) => changes.push(`${before?.metadata.name ?? '-'}>${after?.metadata.name ?? '-'}`));
  return { informer, changes };
};

const seen = (changes: readonly string[], wanted: readonly string[]) =>
  eventually(`changes are ${wanted}`, () => (changes.join() === wanted.join() ? done(true) : notYet(changes.join())), {
    timeoutMs: 4000,
  });

const watches = (): string[] => server.requests.filter((request) => request.includes('watch='));
const watched = (count: number) =>
  eventually(`${count} watches`, () => (watches().length >= count ? done(0) : notYet(watches().join())), {
    timeoutMs: 4000,
  });

test('the cache has the listed objects when it is synced', async () => {
  server.put('a');
  const { informer, changes } = follow();
  await informer.synced;
  expect([...informer.items.keys()]).toEqual(['default/a']);
  expect(informer.get({ namespace: 'default', name: 'a' })?.metadata.managedFields).toBeUndefined();
  expect(changes).toEqual(['->a']);
});

test('additions, modifications and deletions arrive through the watch', async () => {
  const { informer, changes } = follow();
  await informer.synced;
  await watched(1);
  server.put('a');
  server.put('a', { key: 'value' });
  server.remove('a');
  await seen(changes, ['->a', 'a>a', 'a>-']);
});

test('after "410 Gone" the informer lists again, and handlers see the objects that were deleted in between', async () => {
  server.put('a');
  server.put('b');
  const { informer, changes } = follow();
  await informer.synced;
  await watched(1);
  server.forgetHistory(() => {
    server.remove('a');
    server.put('c');
  });
  await seen(changes, ['->a', '->b', 'a>-', '->c']);
});

test('a bookmark advances the revision, so that the next watch is not too old, and handlers are not called', async () => {
  server.put('a');
  const { informer, changes } = follow();
  await informer.synced;
  await watched(1);
  expect(watches()[0]).toContain('allowWatchBookmarks=true');
  server.bookmark();
  server.put('b');
  await seen(changes, ['->a', '->b']);
  server.bookmark();
  server.finish();
  await watched(2);
  expect(watches()[1]).toContain('resourceVersion=14&');
  server.put('c');
  await seen(changes, ['->a', '->b', '->c']);
  expect(server.requests.filter((request) => !request.includes('watch='))).toHaveLength(1);
});

test('the cache stays while the server is not reachable, and is updated afterwards', async () => {
  server.put('a');
  const { informer, changes } = follow();
  await informer.synced;
  await server.down();
  expect(informer.items.size).toBe(1);
  server.forgetHistory(() => server.put('b'));
  await server.up();
  await seen(changes, ['->a', '->b']);
});

test('after a handler that throws, the other handlers are still called', async () => {
  const { informer, changes } = follow();
  informer.onChange(() => {
    throw new Error('broken handler');
  });
  const later: string[] = [];
  informer.onChange((_before, after) => later.push(after?.metadata.name ?? '-'));
  server.put('a');
  await informer.synced;
  expect(changes).toEqual(['->a']);
  expect(later).toEqual(['a']);
});

test('a refused call throws the message of the server', async () => {
  const call = createClient(server.config).get(configMaps, { namespace: 'x', name: 'y' });
  await expect(call).rejects.toBeInstanceOf(ApiError);
  await expect(call).rejects.toMatchObject({ code: 404, reason: 'NotFound', message: 'the server could not find it' });
});
