import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { createTransport } from '../../../src/node/client/transport.ts';
import { readWatch } from '../../../src/node/client/watch.ts';
import { type FakeServer, startFakeServer } from './fake-server.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(async () => {
  await server.down();
});

const open = (signal: AbortSignal) =>
  createTransport(server.config).stream('/api/v1/configmaps?watch=1&resourceVersion=10', signal);

test('a watch yields events as they arrive, also several events in one chunk', async () => {
  const response = await open(AbortSignal.timeout(5000));
  server.put('a');
  server.put('b');
  const seen: string[] = [];
  for await (const event of readWatch<ConfigMap>(response, 1000)) {
    if (event.type !== 'ERROR') seen.push(event.object.metadata.name);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(['a', 'b']);
});

test('a watch that is silent for too long is broken off', async () => {
  const response = await open(AbortSignal.timeout(5000));
  const first = readWatch<ConfigMap>(response, 100).next();
  await expect(first).rejects.toThrow('the watch has been silent for 0.1 s');
});

test('an abort ends a watch', async () => {
  const stop = new AbortController();
  const next = readWatch<ConfigMap>(await open(stop.signal), 1000).next();
  stop.abort();
  await expect(next).rejects.toThrow('aborted');
});

test('a revision that the server has forgotten is an error that requires a new list', async () => {
  server.forgetHistory(() => server.put('a'));
  const response = await open(AbortSignal.timeout(5000));
  await expect(readWatch<ConfigMap>(response, 1000).next()).rejects.toMatchObject({ code: 410, reason: 'Expired' });
});
