// What kube-proxy relies on in an API server, tested against the real server and against the stub.
// kube-proxy's tests and benchmarks use the stub, so the stub must answer like the server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Node, Service, ServiceSpec } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { KubeList, KubeObject } from '../../../src/api/meta.ts';
import { apiVersionOf, endpointSlices, nodes, type Resource, services } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { createInformer } from '../../../src/node/client/informer.ts';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { collectionPath, queryOf } from '../../../src/node/client/path.ts';
import { createTransport } from '../../../src/node/client/transport.ts';
import type { Client } from '../../../src/node/client/types.ts';
import { serviceSelection } from '../../../src/node/proxy/view/service-ports.ts';
import { oldEndpointSlices } from '../../../src/node/proxy/view/slice-v1beta1.ts';
import { silent } from '../../support/controllers-suite.ts';
import { ask, type ChangeEvent, type PlainAnswer, type Subject, startServer, startStub, take } from './subject.ts';

const namespace = 'default';
type Labels = Record<string, string>;

const service = (name: string, labels: Labels = {}, spec: ServiceSpec = {}): Service => ({
  metadata: { name, namespace, labels },
  spec: { ...spec, ports: [{ name: 'http', protocol: 'TCP', port: 80 }] },
});
const slice = (name: string, host = 2): EndpointSlice => ({
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: [{ addresses: [`10.244.1.${host}`], conditions: { ready: true } }],
});
const node = (name: string, labels: Labels = {}): Node => ({ metadata: { name, labels } });
const headless = { 'service.kubernetes.io/headless': '' };
const withoutAddress: ServiceSpec = { clusterIP: 'None' };
const anotherProxys = { 'service.kubernetes.io/service-proxy-name': 'other' };

const namesOf = ({ items }: { readonly items: readonly KubeObject[] }): string[] =>
  items.map(({ metadata }) => metadata.name);
const versionOf = ({ metadata }: { readonly metadata: { resourceVersion?: string } }): number =>
  Number(metadata.resourceVersion);

const typesAndNames = (events: readonly ChangeEvent<KubeObject>[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name}`);

describe.each([
  { name: 'the API server', start: startServer },
  { name: 'its stub', start: startStub },
])('$name', ({ start }) => {
  let subject: Subject;
  let client: Client;
  beforeAll(async () => {
    subject = await start();
    client = createClient(subject.config);
  });
  afterAll(() => subject[Symbol.asyncDispose]());

  const { signal } = new AbortController();
  const versionNow = async (resource: Resource): Promise<string> =>
    (await client.list(resource)).metadata.resourceVersion;
  const get = (path: string, accept = 'application/json'): Promise<PlainAnswer> => ask(subject.config, path, accept);

  describe('a list', () => {
    test.each([
      { resource: services, object: service('listed', { app: 'a' }) },
      { resource: endpointSlices, object: slice('listed') },
      { resource: nodes, object: node('listed', { zone: 'a' }) },
    ])('of $resource.plural has a kind and a version; its items have only a version', async ({ resource, object }) => {
      await subject.put(resource as Resource, object);
      const { code, type, body } = await get(collectionPath(resource));
      expect([code, type]).toEqual([200, 'application/json']);
      const list = body as KubeList<KubeObject>;
      expect(list).toMatchObject({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource) });
      expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
      const item = list.items.find(({ metadata }) => metadata.name === 'listed');
      expect(item).toMatchObject(object);
      expect(item?.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(versionOf(item as KubeObject)).toBeLessThanOrEqual(versionOf(list));
      expect(item).not.toHaveProperty('kind');
      expect(item).not.toHaveProperty('apiVersion');
    });

    test('leaves out headless services and services of other proxies', async () => {
      await subject.put(services, service('ours'));
      await subject.put(services, service('labelled', headless));
      await subject.put(services, service('headless', {}, withoutAddress));
      await subject.put(services, service('theirs', anotherProxys));
      const names = namesOf(await client.list(services, serviceSelection));
      expect(names).toEqual(expect.arrayContaining(['ours', 'labelled']));
      expect(names).not.toContain('headless');
      expect(names).not.toContain('theirs');
      expect(namesOf(await client.list(services))).toEqual(expect.arrayContaining(['headless', 'ours', 'theirs']));
    });

    test('with a field selector has only the selected node, if there is one', async () => {
      await subject.put(nodes, node('one'));
      await subject.put(nodes, node('one-more'));
      expect(namesOf(await client.list(nodes, { fieldSelector: 'metadata.name=one' }))).toEqual(['one']);
      const none = await client.list(nodes, { fieldSelector: 'metadata.name=none' });
      expect(none.items).toEqual([]);
      expect(none.metadata.resourceVersion).toMatch(/^\d+$/);
    });

    test('comes in pages that all have the version of the first page', async () => {
      const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
      for (const name of names.toReversed()) await subject.put(services, service(name, { paged: '' }));
      const query = { labelSelector: 'paged', limit: 2 };
      const page = async (next?: string): Promise<KubeList<KubeObject>> =>
        (await get(collectionPath(services) + queryOf({ ...query, continue: next }))).body as KubeList<KubeObject>;
      const first = await page();
      await subject.put(services, service('meanwhile'));
      const second = await page(first.metadata.continue);
      const third = await page(second.metadata.continue);
      const pages = [first, second, third];
      expect(pages.map(namesOf)).toEqual([['p1', 'p2'], ['p3', 'p4'], ['p5']]);
      expect(new Set(pages.map(versionOf)).size).toBe(1);
      expect(third.metadata).not.toHaveProperty('continue');
      // Kubernetes does not count the remaining objects when a selector is used.
      for (const { metadata } of pages) expect(metadata).not.toHaveProperty('remainingItemCount');
    });

    test('without a selector has the number of remaining objects on each page', async () => {
      for (const name of ['left1', 'left2', 'left3']) await subject.put(nodes, node(name));
      const { items } = await client.list(nodes);
      const { body } = await get(collectionPath(nodes) + queryOf({ limit: 2 }));
      expect((body as KubeList<Node>).metadata.remainingItemCount).toBe(items.length - 2);
      const whole = await get(collectionPath(nodes) + queryOf({ limit: items.length }));
      expect((whole.body as KubeList<Node>).metadata).not.toHaveProperty('remainingItemCount');
    });
  });

  describe('a watch', () => {
    test.each([
      { name: 'that starts after the changes', late: true },
      { name: 'that starts before the changes', late: false },
    ])('$name sends all changes since its version, each object with its kind and version', async ({ late }) => {
      const name = late ? 'told-late' : 'told-live';
      await subject.put(endpointSlices, slice('before'));
      const resourceVersion = await versionNow(endpointSlices);
      const watch = () => take(client.watch(endpointSlices, { resourceVersion, signal }), 3);
      const live = late ? undefined : watch();
      await subject.put(endpointSlices, slice(name, 2));
      await subject.put(endpointSlices, slice(name, 3));
      await subject.remove(endpointSlices, slice(name, 3));
      const events = await (live ?? watch());
      expect(typesAndNames(events)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
      expect(events.map(({ object }) => object.endpoints[0]?.addresses)).toEqual([
        ['10.244.1.2'],
        ['10.244.1.3'],
        ['10.244.1.3'],
      ]);
      const type = { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' };
      for (const { object } of events) expect(object).toMatchObject(type);
      const versions = [Number(resourceVersion), ...events.map(({ object }) => versionOf(object))];
      expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
    });

    test('sees a service deleted when another proxy takes it, and added when it comes back', async () => {
      const resourceVersion = await versionNow(services);
      await subject.put(services, service('never', {}, withoutAddress));
      await subject.put(services, service('moves'));
      await subject.put(services, service('moves', anotherProxys));
      await subject.put(services, service('moves', { ...anotherProxys, again: '' }));
      await subject.put(services, service('moves'));
      await subject.put(services, service('moves', { again: '' }));
      await subject.remove(services, service('moves'));
      const events = await take(client.watch(services, { resourceVersion, signal, ...serviceSelection }), 5);
      expect(typesAndNames(events)).toEqual([
        'ADDED moves',
        'DELETED moves',
        'ADDED moves',
        'MODIFIED moves',
        'DELETED moves',
      ]);
      const versions = events.map(({ object }) => versionOf(object));
      expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
    });

    test('of one node sees no other node', async () => {
      const resourceVersion = await versionNow(nodes);
      for (const labels of [{}, { zone: 'b' }]) {
        await subject.put(nodes, node('own-2', labels));
        await subject.put(nodes, node('own', labels));
      }
      await subject.remove(nodes, node('own-2'));
      await subject.remove(nodes, node('own'));
      const own = { fieldSelector: 'metadata.name=own' };
      const events = await take(client.watch(nodes, { resourceVersion, signal, ...own }), 3);
      expect(typesAndNames(events)).toEqual(['ADDED own', 'MODIFIED own', 'DELETED own']);
    });

    test('from a forgotten or a future version gets an error event', async () => {
      await subject.put(endpointSlices, slice('worn'));
      const old = await versionNow(endpointSlices);
      for (let change = 0; change < 300; change++) await subject.put(endpointSlices, slice('worn', change % 250));
      const future = String(Number(await versionNow(endpointSlices)) + 1000);
      for (const resourceVersion of [old, future]) {
        const { code, body } = await get(collectionPath(endpointSlices) + queryOf({ watch: 1, resourceVersion }));
        expect(code).toBe(200);
        expect(body).toMatchObject({
          type: 'ERROR',
          object: {
            ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', code: 410 },
            message: expect.stringMatching(new RegExp(`^too old resource version: ${resourceVersion} \\(\\d+\\)$`)),
          },
        });
        const watch = client.watch(endpointSlices, { resourceVersion, signal });
        await expect(take(watch, 1)).rejects.toMatchObject({ code: 410 });
      }
    });

    test('ends after its timeout, with a bookmark shortly before if the client wants bookmarks', async () => {
      const resourceVersion = await versionNow(nodes);
      await subject.put(services, service('elsewhere'));
      const reached = Number(await versionNow(nodes));
      const watch = (allowBookmarks: boolean) =>
        take(client.watch(nodes, { resourceVersion, signal, allowBookmarks, timeoutSeconds: 3 }), 10);
      const [told, untold] = await Promise.all([watch(true), watch(false)]);
      expect(untold).toEqual([]);
      expect(told).toMatchObject([{ type: 'BOOKMARK', object: { kind: 'Node', apiVersion: 'v1' } }]);
      expect(told.map(({ object }) => versionOf(object))).toEqual([reached]);
    });

    test('answers with its headers at once, as JSON', async () => {
      const stop = new AbortController();
      const path = collectionPath(services) + queryOf({ watch: 1, resourceVersion: await versionNow(services) });
      const response = await createTransport(subject.config).stream(path, stop.signal);
      expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/json']);
      response.once('error', () => {});
      stop.abort();
    });
  });

  test('an informer follows the services of kube-proxy', async () => {
    const stop = new AbortController();
    await subject.put(services, service('stays'));
    await subject.put(services, service('leaves'));
    const informer = createInformer(client, services, {
      selection: serviceSelection,
      signal: stop.signal,
      logger: silent,
    });
    await informer.synced;
    await subject.put(services, service('leaves', anotherProxys));
    await subject.put(services, service('comes'));
    const shown = (): boolean[] =>
      ['stays', 'leaves', 'comes'].map((name) => informer.get({ name, namespace }) !== undefined);
    await eventually(
      'the informer has followed',
      () => (String(shown()) === 'true,false,true' ? done(true) : notYet(String(shown()))),
      { timeoutMs: 10_000 },
    );
    stop.abort();
  });

  test('slices are served in v1beta1, too', async () => {
    const found = { kind: 'APIGroup', name: 'discovery.k8s.io' };
    const versions = ['v1', 'v1beta1'].map((version) => ({ groupVersion: `discovery.k8s.io/${version}`, version }));
    const group = await get('/apis/discovery.k8s.io');
    expect(group).toMatchObject({ code: 200, body: { ...found, versions, preferredVersion: versions[0] } });
    const [now, before] = await Promise.all([client.list(endpointSlices), client.list(oldEndpointSlices)]);
    expect(before.items.map(({ metadata }) => metadata)).toEqual(now.items.map(({ metadata }) => metadata));
    expect(before.items.length).toBeGreaterThan(0);
  });

  test('unknown resources are not found', async () => {
    const { code, body } = await get('/api/v1/nonsense');
    expect(code).toBe(404);
    expect(body).toMatchObject({ kind: 'Status', status: 'Failure', code: 404 });
  });

  test('a client that prefers another form and accepts JSON gets JSON', async () => {
    const accept = 'application/vnd.kubernetes.protobuf, */*';
    const { code, type, body } = await get(collectionPath(services), accept);
    expect([code, type]).toEqual([200, 'application/json']);
    expect(body).toMatchObject({ kind: 'ServiceList' });
  });

  test('a wrong token is refused, and so is reading services without a token', async () => {
    const read = (config: ServerConfig) => createClient(config).list(services, serviceSelection);
    await expect(read(subject.stranger)).rejects.toMatchObject({ code: 401, reason: 'Unauthorized' });
    await expect(read(subject.nobody)).rejects.toMatchObject({ code: 403, reason: 'Forbidden' });
    const resourceVersion = await versionNow(services);
    const watch = createClient(subject.stranger).watch(services, { resourceVersion, signal });
    await expect(take(watch, 1)).rejects.toMatchObject({ code: 401 });
    expect((await createClient(subject.stranger).raw('/apis/discovery.k8s.io')).status).toBe(401);
  });
});
