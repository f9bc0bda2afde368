import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../../src/api/core.ts';
import type { Pod } from '../../../src/api/core-pods.ts';
import { configMaps, deployments, endpoints, namespaces, pods, services } from '../../../src/api/resources.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

let server: RunningApiserver;
beforeAll(async () => {
  server = await startApiserver();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const namespace = 'default';
const service = (name: string, spec: Partial<ServiceSpec> = {}): Service => ({
  metadata: { name, namespace },
  spec: { ports: [{ port: 80 }], ...spec },
});
const pod = (name: string, extra: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'busybox' }], ...extra },
});

test('what was deleted is listed under /debug/deleted, until it is forgotten', async () => {
  const path = '/debug/deleted/api/v1/namespaces/default/services';
  const past = async (): Promise<readonly string[]> => {
    const { items } = JSON.parse(await server.kubectl('get', '--raw', path)) as { items: readonly Service[] };
    return items.map(({ metadata }) => metadata.name);
  };
  await server.client.create(services, service('past'));
  expect(await past()).toEqual([]);
  await server.client.delete(services, { name: 'past', namespace });
  expect(await past()).toEqual(['past']);
  await server.kubectl('delete', '--raw', `${path}/past`);
  expect(await past()).toEqual([]);
});

describe('a service', () => {
  test('gets an address from the range, and Kubernetes’ defaults', async () => {
    const { spec, metadata } = await server.client.create(services, service('plain'));
    expect(spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
    expect(spec.clusterIPs).toEqual([spec.clusterIP]);
    expect(spec.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\./);
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    {
      name: 'an address outside of the range',
      spec: { clusterIP: '10.244.1.2' },
      says: 'spec.clusterIPs: Invalid value: []string{"10.244.1.2"}: failed to allocate IP 10.244.1.2: the provided IP (10.244.1.2) is not in the valid range. The range of valid IPs is 10.96.0.0/12',
    },
    {
      name: 'an address that is taken',
      spec: { clusterIP: '10.96.0.1' },
      says: 'spec.clusterIPs: Invalid value: []string{"10.96.0.1"}: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    },
    {
      name: 'a node port outside of the range',
      spec: { type: 'NodePort' as const, ports: [{ port: 80, nodePort: 8080 }] },
      says: 'spec.ports[0].nodePort: Invalid value: 8080: provided port is not in the valid range. The range of valid ports is 30000-32767',
    },
    {
      name: 'a node port and the type ClusterIP',
      spec: { ports: [{ port: 80, nodePort: 30_500 }] },
      says: "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    },
    { name: 'no ports', spec: { ports: [] }, says: 'spec.ports: Required value' },
    {
      name: 'two ports without names',
      spec: { ports: [{ port: 1 }, { port: 2 }] },
      says: '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    },
  ])('is refused with $name, in Kubernetes’ words', async ({ spec, says }) => {
    await expect(server.client.create(services, service('refused', spec))).rejects.toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: `Service "refused" is invalid: ${says}`,
    });
  });

  test('is refused a node port that another service has', async () => {
    const spec = { type: 'NodePort' as const, ports: [{ port: 80, nodePort: 30_080 }] };
    await server.client.create(services, service('first', spec));
    await expect(server.client.create(services, service('second', spec))).rejects.toThrow(
      'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );
  });

  test('never changes its address, and keeps a node port that an update leaves out', async () => {
    const created = await server.client.create(services, service('kept', { type: 'NodePort' }));
    const key = { name: 'kept', namespace };
    const { clusterIP: _ip, clusterIPs: _ips, ...spec } = created.spec;
    const replaced = await server.client.update(services, { ...created, spec: { ...spec, ports: [{ port: 80 }] } });
    expect(replaced.spec.clusterIP).toBe(created.spec.clusterIP);
    expect(replaced.spec.ports?.[0]?.nodePort).toBe(created.spec.ports?.[0]?.nodePort);
    await expect(server.client.patch(services, key, { spec: { clusterIP: '10.96.3.3' } })).rejects.toThrow(
      'spec.clusterIPs[0]: Invalid value: []string{"10.96.3.3"}: may not change once set',
    );
  });

  test('gives up a node port that an update leaves out, once it allocates none', async () => {
    const created = await server.client.create(services, service('closed', { type: 'LoadBalancer' }));
    const nodePort = created.spec.ports?.[0]?.nodePort ?? 0;
    const key = { name: 'closed', namespace };
    const patched = await server.client.patch(services, key, { spec: { allocateLoadBalancerNodePorts: false } });
    expect(patched.spec.ports?.[0]?.nodePort).toBe(nodePort);
    const replaced = await server.client.update(services, {
      ...patched,
      spec: { ...patched.spec, ports: [{ port: 80 }] },
    });
    expect(replaced.spec.ports?.[0]?.nodePort).toBeUndefined();
    await expect(
      server.client.create(services, service('next', { type: 'NodePort', ports: [{ port: 80, nodePort }] })),
    ).resolves.toBeDefined();
  });

  test('keeps the node port of a port whose number changes', async () => {
    const created = await server.client.create(services, service('renumbered', { type: 'NodePort' }));
    const replaced = await server.client.update(services, {
      ...created,
      spec: { ...created.spec, ports: [{ port: 8080 }] },
    });
    expect(replaced.spec.ports?.[0]?.nodePort).toBe(created.spec.ports?.[0]?.nodePort);
  });

  test('releases its address and node port when it is deleted', async () => {
    const spec = { type: 'NodePort' as const, clusterIP: '10.103.132.104', ports: [{ port: 3306, nodePort: 31_306 }] };
    await server.client.create(services, service('db-service', spec));
    await server.client.delete(services, { name: 'db-service', namespace });
    await expect(server.client.create(services, service('db-service', spec))).resolves.toBeDefined();
  });
});

describe('a pod', () => {
  test('without a node is deleted at once', async () => {
    await server.client.create(pods, pod('unscheduled'));
    await server.client.delete(pods, { name: 'unscheduled', namespace });
    await expect(server.client.get(pods, { name: 'unscheduled', namespace })).rejects.toMatchObject({ code: 404 });
  });

  test('on a node is only marked as deleted until its kubelet deletes it without a grace period', async () => {
    const key = { name: 'bound', namespace };
    await server.client.create(pods, pod('bound'));
    await server.client.createSubresource(pods, key, 'binding', { target: { kind: 'Node', name: 'node01' } });
    await server.client.delete(pods, key);
    const marked = await server.client.get(pods, key);
    expect(marked.spec.nodeName).toBe('node01');
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(30);
    await server.client.delete(pods, key, { gracePeriodSeconds: 0 });
    await expect(server.client.get(pods, key)).rejects.toMatchObject({ code: 404 });
  });

  test('with a scheduling gate says that it is gated, and cannot be bound', async () => {
    const gated = pod('gated');
    const spec = { ...gated.spec, schedulingGates: [{ name: 'example.com/wait' }] };
    const { status } = await server.client.create(pods, { ...gated, spec });
    expect(status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }]);
    const target = { target: { kind: 'Node', name: 'node01' } };
    await expect(
      server.client.createSubresource(pods, { name: 'gated', namespace }, 'binding', target),
    ).rejects.toMatchObject({ code: 409, message: expect.stringContaining('has non-empty .spec.schedulingGates') });
  });

  test('can change its image but not its ports', async () => {
    const created = await server.client.create(pods, pod('fixed'));
    const [container] = created.spec.containers;
    if (!container) throw new Error('no container');
    const withImage = { ...created, spec: { ...created.spec, containers: [{ ...container, image: 'web' }] } };
    const updated = await server.client.update(pods, withImage);
    expect(updated.spec.containers[0]?.image).toBe('web');
    const withPort = { ...container, image: 'web', ports: [{ containerPort: 80 }] };
    await expect(
      server.client.update(pods, { ...updated, spec: { ...updated.spec, containers: [withPort] } }),
    ).rejects.toThrow('spec: Forbidden: pod updates may not change fields other than');
  });

  test('has a status that only the status subresource writes', async () => {
    const created = await server.client.create(pods, pod('apart'));
    const status = { phase: 'Running' as const, podIP: '10.244.1.9' };
    await server.client.update(pods, { ...created, status });
    expect((await server.client.get(pods, { name: 'apart', namespace })).status?.phase).toBe('Pending');
    const written = await server.client.updateStatus(pods, { ...created, spec: { containers: [] }, status });
    expect(written.status?.phase).toBe('Running');
    expect(written.spec.containers).toHaveLength(1);
  });
});

describe('writing', () => {
  test('a stale update is a conflict; an update without a version is not', async () => {
    const first = await server.client.create(configMaps, { metadata: { name: 'stale', namespace } });
    await server.client.update(configMaps, { ...first, data: { a: '1' } });
    await expect(server.client.update(configMaps, { ...first, data: { a: '2' } })).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    const { resourceVersion: _version, ...metadata } = first.metadata;
    const forced = await server.client.update(configMaps, { ...first, metadata, data: { a: '3' } });
    expect(forced.data).toEqual({ a: '3' });
  });

  test('an update that changes nothing keeps the version', async () => {
    const first = await server.client.create(configMaps, { metadata: { name: 'same', namespace }, data: { a: '1' } });
    const second = await server.client.update(configMaps, first);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test('the generation counts changes of the spec only', async () => {
    const template = { metadata: { labels: { app: 'g' } }, spec: { containers: [{ name: 'c', image: 'web' }] } };
    const spec = { selector: { matchLabels: { app: 'g' } }, template };
    const key = { name: 'generations', namespace };
    await server.client.create(deployments, { metadata: key, spec });
    const labelled = await server.client.patch(deployments, key, { metadata: { labels: { x: 'y' } } });
    expect(labelled.metadata.generation).toBe(1);
    const scaled = await server.client.patch(deployments, key, { spec: { replicas: 3 } });
    expect(scaled.metadata.generation).toBe(2);
  });

  test('server-side apply creates, merges, and removes fields that are no longer applied', async () => {
    const key = { name: 'applied', namespace };
    const apply = (data: Record<string, string>) =>
      server.client.patch(
        configMaps,
        key,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data },
        { type: 'apply' },
      );
    await apply({ a: '1', b: '2' });
    await server.client.patch(configMaps, key, { data: { c: '3' } });
    expect((await apply({ a: '9' })).data).toEqual({ a: '9', c: '3' });
  });

  test('a new namespace has a service account, whether it was created or applied', async () => {
    for (const name of ['made', 'applied-namespace']) {
      const metadata = { name };
      if (name === 'made') await server.client.create(namespaces, { metadata });
      else {
        const object = { apiVersion: 'v1', kind: 'Namespace', metadata };
        await server.client.patch(namespaces, metadata, object, { type: 'apply' });
      }
      await server.client.create(pods, { ...pod('p'), metadata: { name: 'p', namespace: name } });
    }
    await expect(server.client.create(pods, pod('nobody', { serviceAccountName: 'nobody' }))).rejects.toThrow(
      'pods "nobody" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    );
  });

  test('applying another value than another manager is a conflict, unless forced', async () => {
    const key = { name: 'shared', namespace };
    const body = (a: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { a } });
    const path = '/api/v1/namespaces/default/configmaps/shared';
    await server.client.patch(configMaps, key, body('1'), { type: 'apply' });
    const apply = (query: string) =>
      server.send('PATCH', `${path}?fieldManager=other${query}`, 'application/apply-patch+yaml', body('2'));
    const refused = await apply('');
    expect(refused).toMatchObject({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "labs": .data.a',
    });
    expect(await apply('&force=true')).toMatchObject({ data: { a: '2' } });
  });

  test('a strategic merge patch merges ports by number', async () => {
    const key = { name: 'merged', namespace };
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    await server.client.create(services, service('merged', { ports }));
    const patch = { spec: { ports: [{ port: 81, targetPort: 8081 }] } };
    const patched = await server.client.patch(services, key, patch, { type: 'strategic' });
    expect(patched.spec.ports?.map(({ targetPort }) => targetPort)).toEqual([80, 8081]);
  });

  test('an unknown namespace is not found; a terminating namespace accepts no new objects', async () => {
    const elsewhere = { metadata: { name: 'x', namespace: 'nowhere' } };
    await expect(server.client.create(configMaps, elsewhere)).rejects.toThrow('namespaces "nowhere" not found');
    await server.client.create(namespaces, { metadata: { name: 'leaving' } });
    await server.client.delete(namespaces, { name: 'leaving' });
    const late = { metadata: { name: 'x', namespace: 'leaving' } };
    await expect(server.client.create(configMaps, late)).rejects.toThrow(
      'configmaps "x" is forbidden: unable to create new content in namespace leaving because it is being terminated',
    );
    const namespaceNow = await server.client.get(namespaces, { name: 'leaving' });
    expect(namespaceNow.status?.phase).toBe('Terminating');
    await server.client.updateSubresource(namespaces, { ...namespaceNow, spec: { finalizers: [] } }, 'finalize');
    await expect(server.client.get(namespaces, { name: 'leaving' })).rejects.toMatchObject({ code: 404 });
  });
});

describe('selecting', () => {
  test('label and field selectors select objects', async () => {
    const labelled = (name: string, tier: string): Pod => ({
      ...pod(name),
      metadata: { name, namespace, labels: { tier } },
    });
    for (const [name, tier] of [
      ['s1', 'front'],
      ['s2', 'back'],
      ['s3', 'back'],
    ] as const)
      await server.client.create(pods, labelled(name, tier));
    const names = async (labelSelector: string, fieldSelector = '') =>
      (await server.client.list(pods, { namespace, labelSelector, fieldSelector })).items.map(
        ({ metadata }) => metadata.name,
      );
    expect(await names('tier=back')).toEqual(['s2', 's3']);
    expect(await names('tier in (front,back),tier!=back')).toEqual(['s1']);
    expect(await names('tier=back', 'metadata.name!=s2')).toEqual(['s3']);
    expect(await names('tier', 'status.phase=Running')).toEqual([]);
  });

  test('a watch with a selector sees an object added when it starts to match and deleted when it stops', async () => {
    const { metadata } = await server.client.list(configMaps);
    const stop = new AbortController();
    const key = { name: 'moves', namespace };
    const label = (color: string) => server.client.patch(configMaps, key, { metadata: { labels: { color } } });
    await server.client.create(configMaps, { metadata: { ...key, labels: { color: 'blue' } } });
    for (const color of ['orange', 'blue']) await label(color);
    await label('orange');
    await server.client.delete(configMaps, key);
    const seen: string[] = [];
    const options = { resourceVersion: metadata.resourceVersion, signal: stop.signal, labelSelector: 'color=orange' };
    for await (const event of server.client.watch(configMaps, options)) {
      seen.push(event.type);
      if (seen.length === 4) break;
    }
    stop.abort();
    expect(seen).toEqual(['ADDED', 'DELETED', 'ADDED', 'DELETED']);
  });
});

describe('access', () => {
  test('a client without a certificate may read health and version, but no objects', async () => {
    const nobody = createClient(await server.configFor());
    expect((await nobody.raw('/healthz')).body).toBe('ok');
    expect((await nobody.raw('/version')).status).toBe(200);
    await expect(nobody.list(pods, { namespace })).rejects.toMatchObject({
      code: 403,
      message:
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
    });
  });

  test('a certificate of another authority is unauthorized', async () => {
    await using other = await startApiserver();
    const { cert, key } = await other.pki.issue('kubernetes-admin', ['system:masters']);
    const client = createClient({ ...(await server.configFor()), cert, key });
    await expect(client.list(pods)).rejects.toMatchObject({ code: 401, reason: 'Unauthorized' });
  });

  test('a user without rights is refused by name; a node is not', async () => {
    const jane = createClient(await server.configFor('jane', ['developers']));
    await expect(jane.create(configMaps, { metadata: { name: 'x', namespace } })).rejects.toThrow(
      'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "default"',
    );
    const node = createClient(await server.configFor('system:node:node01', ['system:nodes']));
    await expect(node.list(pods)).resolves.toBeDefined();
  });
});

test('the cluster starts with its namespaces and the kubernetes service', async () => {
  const { items } = await server.client.list(namespaces);
  expect(items.map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']),
  );
  const kubernetes = await server.client.get(services, { name: 'kubernetes', namespace });
  expect(kubernetes.spec.clusterIP).toBe('10.96.0.1');
  const { subsets } = await server.client.get(endpoints, { name: 'kubernetes', namespace });
  expect(subsets?.[0]?.addresses).toEqual([{ ip: '192.168.56.10' }]);
});

test('a list with a limit comes in pages', async () => {
  const first = JSON.parse((await server.client.raw('/api/v1/namespaces?limit=2')).body);
  expect(first.items).toHaveLength(2);
  expect(first.metadata.remainingItemCount).toBeGreaterThan(0);
  const rest = JSON.parse((await server.client.raw(`/api/v1/namespaces?continue=${first.metadata.continue}`)).body);
  const names = [...first.items, ...rest.items].map((item: { metadata: { name: string } }) => item.metadata.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('kube-system');
});
