import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/meta.ts';
import { configMaps, events, nodes, pods } from '../../../src/api/resources.ts';
import { createHistory } from '../../../src/node/apiserver/store/history.ts';
import { openLog } from '../../../src/node/apiserver/store/log.ts';
import { openStore, type Store } from '../../../src/node/apiserver/store/store.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-store-'));
  store = openStore(openLog(folder));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const object = (name: string, data = ''): KubeObject & { data: string } => ({
  metadata: { name, namespace: 'default' },
  data,
});
const reopen = (): void => {
  store.close();
  store = openStore(openLog(folder));
};
const names = (): string[] => store.list(configMaps).map(({ metadata }) => metadata.name);

describe('the store', () => {
  test('counts revisions over all resources', () => {
    const versions = [
      store.put(configMaps, object('a')),
      store.put(pods, object('p')),
      store.put(nodes, { metadata: { name: 'n' } }),
      store.remove(pods, object('p')),
    ].map(({ metadata }) => Number(metadata.resourceVersion));
    expect(versions).toEqual([1, 2, 3, 4]);
    expect(store.revision).toBe(4);
  });

  test('lists objects in the order of their names, and can list one namespace', () => {
    for (const name of ['b', 'c', 'a']) store.put(configMaps, object(name));
    store.put(configMaps, { metadata: { name: '0', namespace: 'other' } });
    expect(names()).toEqual(['a', 'b', 'c', '0']);
    expect(store.list(configMaps, 'other')).toHaveLength(1);
    expect(store.list(configMaps, 'def')).toEqual([]);
  });

  test('has the same objects, revision and history after it is opened again', () => {
    store.put(configMaps, object('a', '1'));
    store.put(configMaps, object('a', '2'));
    store.put(configMaps, object('b'));
    store.remove(configMaps, object('b'));
    reopen();
    expect(store.revision).toBe(4);
    expect(names()).toEqual(['a']);
    expect(
      store
        .history(configMaps)
        .since(1)
        ?.map(({ type }) => type),
    ).toEqual(['MODIFIED', 'ADDED', 'DELETED']);
  });

  test('has the same objects after it is opened again, whatever was written', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), remove: fc.boolean(), data: fc.string() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        for (const { name, remove, data } of steps) {
          const current = store.get(configMaps, { name, namespace: 'default' });
          if (!remove) store.put(configMaps, object(name, data));
          else if (current) store.remove(configMaps, current);
        }
        const before = store.list(configMaps);
        const revision = store.revision;
        reopen();
        expect(store.list(configMaps)).toEqual(before);
        expect(store.revision).toBe(revision);
      }),
      { numRuns: 20 },
    );
  });

  test('forgets old revisions but no objects when it is compacted', () => {
    store.put(configMaps, object('old'));
    for (let number = 0; number < 1500; number += 1) store.put(configMaps, object('busy', String(number)));
    store.put(configMaps, object('gone'));
    store.remove(configMaps, object('gone'));
    store.compact();
    reopen();
    expect(names()).toEqual(['busy', 'old']);
    expect(store.history(configMaps).since(1)).toBeUndefined();
    expect(store.history(configMaps).since(store.revision - 5)).toHaveLength(5);
  });
});

describe('deleted objects', () => {
  const deleted = (): string[] => store.deleted(configMaps).map(({ metadata }) => metadata.name);

  test('are remembered after compaction and a restart, until they are created again or forgotten', () => {
    for (const name of ['a', 'b', 'c']) {
      store.put(configMaps, object(name, 'last'));
      store.remove(configMaps, object(name, 'last'));
    }
    store.put(configMaps, object('b'));
    expect(store.forget(configMaps, { name: 'c', namespace: 'default' })).toBe(true);
    expect(store.forget(configMaps, { name: 'c', namespace: 'default' })).toBe(false);
    reopen();
    expect(deleted()).toEqual(['a']);
    for (let number = 0; number < 1500; number += 1) store.put(configMaps, object('busy', String(number)));
    store.compact();
    reopen();
    expect(deleted()).toEqual(['a']);
    expect(store.deleted(configMaps)).toMatchObject([{ data: 'last' }]);
    expect(names()).toEqual(['b', 'busy']);
  });

  test('are the newest hundred of a resource, and no events', () => {
    for (let number = 0; number < 120; number += 1) {
      store.put(configMaps, object(`m${number}`));
      store.remove(configMaps, object(`m${number}`));
      store.remove(events, object(`e${number}`));
    }
    expect(deleted()).toHaveLength(100);
    expect(deleted()[0]).toBe('m20');
    expect(store.deleted(events)).toEqual([]);
  });
});

describe('a resource’s history', () => {
  const event = (revision: number) => ({
    revision,
    type: 'ADDED' as const,
    object: object('x'),
    previous: undefined,
    json: '',
  });

  test('returns the events after a revision until they are forgotten', () => {
    const history = createHistory(0);
    for (let revision = 1; revision <= 1000; revision += 1) history.record(event(revision));
    expect(history.since(998)?.map(({ revision }) => revision)).toEqual([999, 1000]);
    expect(history.since(1)).toBeUndefined();
    const all = history.since(history.floor);
    expect(all?.[0]?.revision).toBe(history.floor + 1);
    expect(all?.at(-1)?.revision).toBe(1000);
  });

  test('calls listeners until they stop', () => {
    const history = createHistory(0);
    const seen: number[] = [];
    const stop = history.listen(({ revision }) => seen.push(revision));
    history.record(event(1));
    stop();
    history.record(event(2));
    expect(seen).toEqual([1]);
  });
});
