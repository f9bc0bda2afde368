import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { Client } from '../../../src/node/client/types.ts';
import { createCaches } from '../../../src/node/controllers/caches.ts';
import { type Controller, watch } from '../../../src/node/controllers/controller.ts';
import { runController } from '../../../src/node/controllers/runtime.ts';
import { silent } from '../../support/controllers-suite.ts';
import { createFakeClient, type FakeClient } from '../../support/fake-client.ts';

/** Creates one child per parent with a generated name, so a sync with an old cache would create a second child. */
const controller: Controller = {
  name: 'test-controller',
  watches: [
    watch(configMaps, ({ metadata }) => [
      metadata.name.startsWith('child') ? 'default/parent' : `default/${metadata.name}`,
    ]),
  ],
  reconcile: (key, world) => {
    const children = world.all(configMaps).filter(({ metadata }) => metadata.name.startsWith('child'));
    if (key !== 'default/parent' || children.length > 0) return { writes: [] };
    const metadata = { generateName: 'child-', namespace: 'default' } as ConfigMap['metadata'];
    return { writes: [{ verb: 'create', resource: configMaps, object: { metadata } }] };
  },
};

/** Delays each watch event. */
const slow = (client: FakeClient, delayMs: number): Client => ({
  ...client,
  async *watch(resource, options) {
    for await (const event of client.watch(resource, options)) {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      yield event;
    }
  },
});

describe('the loop around a controller', () => {
  let stop: AbortController;
  let running: Promise<void>;
  let fake: FakeClient;
  let errors: unknown[];

  const start = (client: Client): void => {
    const logger = { ...silent, error: (_: string, error?: unknown) => void errors.push(error) };
    const caches = createCaches(client, [configMaps], { signal: stop.signal, logger });
    running = runController(controller, { client, caches, logger, signal: stop.signal });
  };
  beforeEach(() => {
    stop = new AbortController();
    fake = createFakeClient();
    errors = [];
  });
  afterEach(async () => {
    stop.abort();
    await running.catch(() => {});
  });

  const put = (name: string, data: Record<string, string> = {}) =>
    fake.create(configMaps, { metadata: { name, namespace: 'default' }, data });
  const children = () => fake.objects(configMaps).filter(({ metadata }) => metadata.name.startsWith('child'));
  const until = (count: number) =>
    eventually(`${count} children`, () => (children().length === count ? done(true) : notYet(`${children().length}`)), {
      timeoutMs: 2000,
      intervalMs: 2,
    });

  test('does not reconcile with a cache that lacks its own writes', async () => {
    start(slow(fake, 60));
    await put('parent');
    await until(1);
    for (let index = 0; index < 5; index += 1) {
      await fake.patch(configMaps, { name: 'parent', namespace: 'default' }, { data: { index: String(index) } });
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(children()).toHaveLength(1);
  });

  test('reconciles every existing object when it starts', async () => {
    await put('parent');
    start(fake);
    await until(1);
  });

  test('retries a refused write, and logs each error', async () => {
    fake.refuse(/^create ConfigMap default\/child/, new Error('no'), 2);
    start(fake);
    await put('parent');
    await until(1);
    expect(errors).toHaveLength(2);
  });

  test('reconciles again when an object that it created is deleted', async () => {
    start(fake);
    await put('parent');
    await until(1);
    const [first] = children();
    await fake.delete(configMaps, { name: first?.metadata.name ?? '', namespace: 'default' });
    await eventually(
      'another child',
      () => (children().some(({ metadata }) => metadata.uid !== first?.metadata.uid) ? done(true) : notYet('none')),
      { timeoutMs: 2000 },
    );
  });
});
