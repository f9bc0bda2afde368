import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/meta.ts';
import { createKube, type Kube, markOf } from '../../../src/fabric/kube.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

let server: RunningApiserver;
let kube: Kube;
let folder: string;

beforeAll(async () => {
  server = await startApiserver();
  folder = await mkdtemp(join(tmpdir(), 'labs-kube-'));
  kube = createKube(await flatConfig(server.kubeconfig));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

/** The fabric's credentials are a file with one value per line. */
const flatConfig = async (kubeconfig: string): Promise<string> => {
  const text = await readFile(kubeconfig, 'utf8');
  const path = join(folder, 'admin.conf');
  await writeFile(
    path,
    [...text.matchAll(/"([\w-]+)":"([^"]+)"/g)].map(([, key, value]) => `${key}: ${value}`).join('\n'),
  );
  return path;
};

const json = 'application/json';
const post = (path: string, body: unknown) => server.send('POST', path, json, body);
const merge = (path: string, body: unknown) => server.send('PATCH', path, 'application/merge-patch+json', body);

test('believes only a connection of the API server, and asks again after one that has ended', async () => {
  const path = '/api/v1/namespaces';
  const config = join(folder, 'admin.conf');
  const seen: boolean[] = [];
  const doubtful = createKube(config, async (connection) => {
    if (seen.length === 0) connection.destroy();
    seen.push(connection.destroyed);
    return seen.length > 1;
  });
  expect(await doubtful.get({ path })).toMatchObject({ status: 200 });
  expect(seen).toEqual([true, false]);
  const strange = createKube(config, async () => false);
  await expect(strange.get({ path })).rejects.toMatchObject({ code: 'FABRIC_OTHER_API' });
});

/** Counts what is told about a list. */
const watching = async (path: string) => {
  const stop = new AbortController();
  let changes = 0;
  let look = (): void => {};
  const ready = Promise.withResolvers<void>();
  const ended = kube.watch(path, {
    onReady: ready.resolve,
    onChange() {
      changes += 1;
      look();
    },
    signal: stop.signal,
  });
  await ready.promise;
  return {
    /** Waits until so many changes were told. */
    until: (count: number) =>
      new Promise<void>((resolve) => {
        look = () => changes >= count && resolve();
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
};

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

test('tells each change of a list', async () => {
  await using watch = await watching('/api/v1/configmaps');
  await post(configMaps, configMap('one'));
  await watch.until(1);
  await merge(`${configMaps}/one`, { data: { key: 'value' } });
  await watch.until(2);
  await server.kubectl('delete', 'configmap', 'one');
  await watch.until(3);
});

test('a heartbeat of a node leaves its mark, in a list and in an event, and another condition does not', async () => {
  await post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node01' } });
  const beat = (time: string, status = 'True') =>
    merge('/api/v1/nodes/node01/status', {
      status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: time }] },
    });
  const listed = async (): Promise<string> => {
    const { body } = await kube.get({ path: '/api/v1/nodes' });
    return markOf((body as { items: [KubeObject] }).items[0]);
  };
  await beat('2026-01-01T00:00:00Z');
  const before = await listed();
  // The answer is the object as an event has it: with its kind.
  expect(markOf((await beat('2026-01-01T00:00:10Z')) as KubeObject)).toBe(before);
  await beat('2026-01-01T00:00:20Z', 'False');
  expect(await listed()).not.toBe(before);
});

test('tells that the API server has gone and come back, and what changed meanwhile', { timeout: 60_000 }, async () => {
  await using watch = await watching('/api/v1/configmaps');
  await server.kill('SIGKILL');
  await watch.until(1);
  await server.start();
  await watch.until(2);
  await post(configMaps, configMap('after'));
  await watch.until(3);
});
