import { describe, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { sendWrites, type Write, type Written } from '../../../src/node/controllers/writes.ts';
import { createFakeClient, type FakeClient } from '../../support/fake-client.ts';

const recorder = () => {
  const messages: string[] = [];
  const event = (_: unknown, type: string, reason: string, message: string): void =>
    void messages.push(`${type} ${reason} ${message}`);
  return { messages, event, flush: async () => {} };
};

const create = (name?: string): Write => ({
  verb: 'create',
  resource: configMaps,
  object: {
    metadata: (name
      ? { name, namespace: 'default' }
      : { generateName: 'c-', namespace: 'default' }) as ConfigMap['metadata'],
  },
});
const patch = (name: string, value: string): Write => ({
  verb: 'patch',
  resource: configMaps,
  key: { name, namespace: 'default' },
  patch: { data: { value } },
});

/** `most` returns the largest number of calls that ran at the same time. */
const countConcurrentCalls = (client: FakeClient): { client: FakeClient; most: () => number } => {
  let now = 0;
  let most = 0;
  const counted = async <T>(call: () => Promise<T>): Promise<T> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    try {
      return await call();
    } finally {
      now -= 1;
    }
  };
  return {
    client: {
      ...client,
      create: (resource, object) => counted(() => client.create(resource, object)),
      patch: (resource, key, body, options) => counted(() => client.patch(resource, key, body, options)),
    },
    most: () => most,
  };
};

describe('sendWrites', () => {
  const send = (writes: readonly Write[], client: FakeClient, seen: Written[] = []) => {
    const events = recorder();
    const sent = sendWrites(writes, { client, recorder: events, onWritten: (written) => void seen.push(written) });
    return { sent, messages: events.messages };
  };

  test('sends independent writes with the same verb at the same time', async () => {
    const fake = createFakeClient();
    const { client, most } = countConcurrentCalls(fake);
    await send([create(), create(), create(), create('last')], client).sent;
    expect(most()).toBe(4);
    expect(fake.objects(configMaps)).toHaveLength(4);
  });

  test('sends writes to the same object one after the other', async () => {
    const fake = createFakeClient();
    const { client, most } = countConcurrentCalls(fake);
    await send([create('one'), patch('one', 'first'), patch('one', 'second')], client).sent;
    expect(most()).toBe(1);
    expect(fake.objects(configMaps)[0]?.data).toEqual({ value: 'second' });
  });

  test('sends no more batches after a refused write, and reports the refusal', async () => {
    const client = createFakeClient();
    client.refuse(/^create/, new Error('quota'), 99);
    const about = { kind: 'ConfigMap', metadata: { name: 'owner' } };
    const done = { reason: 'SuccessfulCreate', message: 'Created: %s' };
    const failed = { reason: 'FailedCreate', message: 'Error creating: %s' };
    const many = Array.from({ length: 50 }, () => ({ ...create(), report: { about, done, failed } }) as Write);
    const { sent, messages } = send(many, client);
    await expect(sent).rejects.toThrow('quota');
    expect(client.log).toHaveLength(4);
    expect(messages[0]).toBe('Warning FailedCreate Error creating: quota');
  });

  test('ignores that an object to delete does not exist', async () => {
    const client = createFakeClient();
    const write: Write = { verb: 'delete', resource: configMaps, key: { name: 'gone', namespace: 'default' } };
    await expect(send([write], client).sent).resolves.toBeUndefined();
  });

  test('skips a deletion that requires a missing owner if the owner still exists', async () => {
    const client = createFakeClient();
    const owner = await client.create(configMaps, { metadata: { name: 'owner', namespace: 'default' } });
    await client.create(configMaps, { metadata: { name: 'child', namespace: 'default' } });
    const key = { name: 'owner', namespace: 'default' };
    const deletion = (uid: string): Write => ({
      verb: 'delete',
      resource: configMaps,
      key: { name: 'child', namespace: 'default' },
      onlyIfGone: [{ resource: configMaps, key, uid }],
    });
    await send([deletion(owner.metadata.uid ?? '')], client).sent;
    expect(client.objects(configMaps)).toHaveLength(2);
    await send([deletion('a namesake')], client).sent;
    expect(client.objects(configMaps).map(({ metadata }) => metadata.name)).toEqual(['owner']);
  });
});
