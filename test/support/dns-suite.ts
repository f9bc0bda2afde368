// Tests of the service kube-dns. They run against the fake client and against the real API server.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/meta.ts';
import { endpointSlices, endpoints, type Resource, services } from '../../src/api/resources.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { isNotFound } from '../../src/node/client/error.ts';
import { createInformer } from '../../src/node/client/informer.ts';
import type { Client } from '../../src/node/client/types.ts';
import { keepService } from '../../src/node/dns/keep.ts';
import { ensureNamespace, type SuiteServer, silent } from './controllers-suite.ts';

const own: readonly Resource[] = [services, endpoints, endpointSlices];
const key = { name: 'kube-dns', namespace: 'kube-system' };

/** Declares the tests. `start` starts a new server for each test. */
export const dnsSuite = (start: () => Promise<SuiteServer>): void => {
  let server: SuiteServer | undefined;
  let client: Client;
  let stopping: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await start();
    client = server.client;
    stopping = new AbortController();
    const options = { signal: stopping.signal, logger: silent };
    await ensureNamespace(client, 'kube-system');
    const informers = {
      services: createInformer(client, services, options),
      slices: createInformer(client, endpointSlices, options),
      endpoints: createInformer(client, endpoints, options),
    };
    const address = { serviceIp: '10.96.0.10', address: '192.168.56.10', port: 53 };
    running = keepService(client, informers, { ...address, ...options });
  });
  afterEach(async () => {
    stopping?.abort();
    await running?.catch(() => {});
    await server?.stop();
  });

  const find = async <T extends KubeObject>(resource: Resource<T>): Promise<T | undefined> => {
    try {
      return await client.get(resource, key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const until = <T extends KubeObject>(resource: Resource<T>, holds: (object: T) => boolean): Promise<T> =>
    eventually(
      `${resource.plural} kube-dns are as wanted`,
      async () => {
        const object = await find(resource);
        return object && holds(object) ? done(object) : notYet(JSON.stringify(object));
      },
      { timeoutMs: 30_000, intervalMs: 5 },
    );

  test('is created with its address, ports and endpoints', async () => {
    const service = await until(services, () => true);
    expect(service.spec).toMatchObject({ clusterIP: '10.96.0.10', ports: [{ name: 'dns', protocol: 'UDP' }, {}, {}] });
    const slice = await until(endpointSlices, () => true);
    expect(slice.endpoints[0]?.addresses).toEqual(['192.168.56.10']);
    expect((await until(endpoints, () => true)).subsets?.[0]?.addresses).toMatchObject([{ ip: '192.168.56.10' }]);
  });

  test('is not written again when the API server has added defaults', async () => {
    await until(endpointSlices, () => true);
    const versions = async () =>
      Promise.all(own.map(async (resource) => (await find(resource))?.metadata.resourceVersion));
    const before = await versions();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await versions()).toEqual(before);
  });

  test.each(own)('has its $plural created again when somebody deletes them', async (resource) => {
    const first = await until(resource, () => true);
    await client.delete(resource, key);
    await until(resource, ({ metadata }) => metadata.uid !== first.metadata.uid);
  });

  test('has its endpoints repaired when somebody changes them', async () => {
    const slice = await until(endpointSlices, () => true);
    await client.update(endpointSlices, { ...slice, endpoints: [] });
    await until(endpointSlices, ({ endpoints: list }) => list.length === 1);
  });
};
