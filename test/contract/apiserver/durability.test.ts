import { expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { configMaps, services } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { Logger } from '../../../src/kit/logger.ts';
import { createInformer } from '../../../src/node/client/informer.ts';
import type { Client } from '../../../src/node/client/types.ts';
import { startApiserver } from '../../support/apiserver.ts';

const silent: Logger = { info() {}, warning() {}, error() {}, enabled: () => false };
const namespace = 'default';

test('a kill -9 during many writes loses no acknowledged write', async () => {
  await using server = await startApiserver();
  const acknowledged = new Map<string, string>();
  let stop = false;
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; !stop; number += 1) {
      const name = `w${writer}-${number % 5}`;
      try {
        const data = { number: String(number) };
        const written = await (number < 5
          ? server.client.create(configMaps, { metadata: { name, namespace }, data })
          : server.client.patch(configMaps, { name, namespace }, { data }));
        acknowledged.set(name, String(written.data?.number));
      } catch {
        return;
      }
    }
  };
  const writers = Array.from({ length: 6 }, (_, index) => write(index));
  await eventually('hundreds of writes', () => (acknowledged.size === 30 ? done(0) : notYet(`${acknowledged.size}`)), {
    timeoutMs: 20_000,
  });
  await server.kill('SIGKILL');
  stop = true;
  await Promise.all(writers);
  await server.start();
  const { items } = await server.client.list(configMaps, { namespace });
  const stored = new Map(items.map(({ metadata, data }) => [metadata.name, Number(data?.number)]));
  for (const [name, number] of acknowledged) expect(stored.get(name), name).toBeGreaterThanOrEqual(Number(number));
});

test('after a restart, revisions continue and addresses stay taken', async () => {
  await using server = await startApiserver();
  const ports = [{ port: 80 }];
  const before = await server.client.create(services, { metadata: { name: 'a', namespace }, spec: { ports } });
  await server.kill('SIGKILL');
  await server.start();
  const after = await server.client.create(services, { metadata: { name: 'b', namespace }, spec: { ports } });
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
  const clash = { metadata: { name: 'c', namespace }, spec: { ports, clusterIP: before.spec.clusterIP ?? '' } };
  await expect(server.client.create(services, clash)).rejects.toThrow('provided IP is already allocated');
});

test('an informer continues after a restart of the server without listing again', async () => {
  await using server = await startApiserver();
  const stop = new AbortController();
  let lists = 0;
  const client = {
    ...server.client,
    list: ((...args) => {
      lists += 1;
      return server.client.list(...args);
    }) as typeof server.client.list,
  };
  const informer = createInformer(client, configMaps, {
    signal: stop.signal,
    logger: silent,
    selection: { namespace },
  });
  await informer.synced;
  await server.client.create(configMaps, { metadata: { name: 'a', namespace } });
  await eventually('a is seen', () => (informer.items.has('default/a') ? done(0) : notYet('no a')), {
    timeoutMs: 30_000,
  });
  await server.kill('SIGKILL');
  await server.start();
  await server.client.create(configMaps, { metadata: { name: 'b', namespace } });
  await server.client.delete(configMaps, { name: 'a', namespace });
  await eventually(
    'only b is there',
    () => ([...informer.items.keys()].join() === 'default/b' ? done(0) : notYet([...informer.items.keys()].join())),
    { timeoutMs: 15_000 },
  );
  expect(lists).toBe(1);
  stop.abort(new Error('test over'));
});

test('after several restarts of the server during writes, an informer has the objects of the server', async () => {
  await using server = await startApiserver();
  const stop = new AbortController();
  const selection = { namespace, labelSelector: 'kept=yes' };
  const informer = createInformer(server.client, configMaps, { signal: stop.signal, logger: silent, selection });
  const seen = new Map<string, string>();
  informer.onChange((before, after) => {
    const name = (after ?? before)?.metadata.name ?? '';
    if (after) seen.set(name, after.metadata.resourceVersion ?? '');
    else seen.delete(name);
  });
  const writing = new AbortController();
  const write = async (): Promise<void> => {
    for (let round = 0; !writing.signal.aborted; round += 1) {
      const name = `m${round % 11}`;
      const labels = { kept: round % 5 === 0 ? 'no' : 'yes', round: String(round) };
      const changes = [
        () => server.client.create(configMaps, { metadata: { name, namespace, labels } }),
        () => server.client.patch(configMaps, { name, namespace }, { metadata: { labels } }),
        () => server.client.delete(configMaps, { name, namespace }),
      ];
      await changes[(round * 7) % 3]?.().catch(() => {});
    }
  };
  const writer = write();
  for (let restart = 0; restart < 3; restart += 1) {
    const { revision } = await revisionOf(server.client);
    await eventually(
      'a hundred more writes',
      async () => {
        const now = await revisionOf(server.client);
        return now.revision > revision + 100 ? done(0) : notYet(`${now.revision}`);
      },
      { timeoutMs: 20_000 },
    );
    await server.kill('SIGKILL');
    await server.start();
  }
  writing.abort();
  await writer;
  const { items } = await server.client.list(configMaps, selection);
  const wanted = versionsOf(items);
  await eventually(
    'the informer holds what the server lists',
    () =>
      JSON.stringify(versionsOf([...informer.items.values()])) === JSON.stringify(wanted) ? done(0) : notYet('not yet'),
    { timeoutMs: 15_000 },
  );
  expect([...seen].sort()).toEqual(wanted);
  stop.abort(new Error('test over'));
});

const revisionOf = async (client: Client): Promise<{ revision: number }> => {
  const { metadata } = await client.list(configMaps);
  return { revision: Number(metadata.resourceVersion) };
};

const versionsOf = (items: readonly ConfigMap[]): [string, string][] =>
  items.map(({ metadata }): [string, string] => [metadata.name, metadata.resourceVersion ?? '']).sort();
