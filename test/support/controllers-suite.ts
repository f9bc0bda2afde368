// Tests of all controllers together. They run against the fake client and against the real API server.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Deployment, ReplicaSet } from '../../src/api/apps.ts';
import type { Pod } from '../../src/api/core-pods.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  allResources,
  configMaps,
  controllerRevisions,
  daemonSets,
  deployments,
  endpointSlices,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  type Resource,
  replicaSets,
  serviceAccounts,
  services,
} from '../../src/api/resources.ts';
import { parseCidr } from '../../src/api/scalars.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import type { Logger } from '../../src/kit/logger.ts';
import { isNotFound } from '../../src/node/client/error.ts';
import { createInformer } from '../../src/node/client/informer.ts';
import type { Client } from '../../src/node/client/types.ts';
import { createCaches } from '../../src/node/controllers/caches.ts';
import type { Controller } from '../../src/node/controllers/controller.ts';
import { daemonSetController } from '../../src/node/controllers/daemonset/daemonset.ts';
import { deploymentController } from '../../src/node/controllers/deployment/deployment.ts';
import { endpointsController } from '../../src/node/controllers/endpoints.ts';
import { endpointSliceController } from '../../src/node/controllers/endpointslice.ts';
import { garbageCollector } from '../../src/node/controllers/garbagecollector.ts';
import { namespaceController } from '../../src/node/controllers/namespace.ts';
import { createNodeIpam } from '../../src/node/controllers/nodeipam.ts';
import { replicaSetController } from '../../src/node/controllers/replicaset.ts';
import { createRootCaPublisher } from '../../src/node/controllers/rootca.ts';
import { runController } from '../../src/node/controllers/runtime.ts';
import { serviceAccountController } from '../../src/node/controllers/serviceaccount.ts';
import { aDeployment, aNode, aPodSpec } from './objects.ts';

export const silent: Logger = { info: () => {}, warning: () => {}, error: () => {}, enabled: () => false };

export interface SuiteServer {
  readonly client: Client;
  readonly stop: () => Promise<void>;
}

const everyController: readonly Controller[] = [
  createNodeIpam({ clusterCidr: parseCidr('10.244.0.0/16'), maskSize: 24 }),
  serviceAccountController,
  createRootCaPublisher('the authority'),
  deploymentController,
  replicaSetController,
  daemonSetController,
  endpointSliceController,
  endpointsController,
  garbageCollector,
  namespaceController,
];

/** Declares the tests. `start` starts a new server for each test. */
export const controllersSuite = (start: () => Promise<SuiteServer>): void => {
  let server: SuiteServer;
  let stopping: AbortController;
  let running: Promise<unknown>;
  let client: Client;
  let errors: string[];

  beforeEach(async () => {
    server = await start();
    client = server.client;
    stopping = new AbortController();
    errors = [];
    const logger = { ...silent, error: (message: string, error?: unknown) => void errors.push(`${message}: ${error}`) };
    const { signal } = stopping;
    await ensureNamespace(client, 'default');
    await client.create(nodes, aNode('node01'));
    const caches = createCaches(
      client,
      allResources.filter((resource) => resource !== events),
      { signal, logger },
    );
    running = Promise.all(
      everyController.map((controller) => runController(controller, { client, caches, logger, signal })),
    );
    startFakeKubelet(client, signal);
    await caches.synced;
  });
  afterEach(async () => {
    stopping?.abort();
    await running;
    await server?.stop();
    expect(errors).toEqual([]);
  });

  const all = async <T extends KubeObject>(resource: Resource<T>): Promise<T[]> =>
    (await client.list(resource, { namespace: 'default' })).items;
  const until = <T>(condition: string, look: () => Promise<T | undefined>): Promise<T> =>
    eventually(
      condition,
      async () => {
        const value = await look();
        return value === undefined ? notYet(JSON.stringify(await client.list(replicaSets))) : done(value);
      },
      { timeoutMs: 30_000, intervalMs: 5, maxIntervalMs: 20 },
    );
  const complete = (name: string, replicas: number): Promise<Deployment> =>
    until(`${name} is complete`, async () => {
      const deployment = await client.get(deployments, { name, namespace: 'default' });
      const { status = {}, metadata } = deployment;
      const reason = status.conditions?.find(({ type }) => type === 'Progressing')?.reason;
      const ready =
        status.observedGeneration === metadata.generation &&
        (status.replicas ?? 0) === replicas &&
        (status.updatedReplicas ?? 0) === replicas &&
        (status.availableReplicas ?? 0) === replicas &&
        reason === 'NewReplicaSetAvailable';
      return ready ? deployment : undefined;
    });
  const setImage = (name: string, image: string) =>
    client.patch(
      deployments,
      { name, namespace: 'default' },
      { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } },
    );

  test('a Deployment creates exactly its number of pods, and becomes available', async () => {
    await client.create(deployments, aDeployment('web', 5));
    const deployment = await complete('web', 5);
    expect(await all(pods)).toHaveLength(5);
    expect(await all(replicaSets)).toHaveLength(1);
    expect(deployment.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect(deployment.status?.conditions?.find(({ type }) => type === 'Available')).toMatchObject({
      status: 'True',
      reason: 'MinimumReplicasAvailable',
    });
    const [set] = await all(replicaSets);
    expect((await all(pods)).every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === set?.metadata.uid)).toBe(
      true,
    );
  });

  test('a rollout stays within maxSurge and maxUnavailable, and keeps the old ReplicaSet for a rollback', async () => {
    await client.create(deployments, aDeployment('web', 4));
    await complete('web', 4);
    const asked: number[] = [];
    const ready: number[] = [];
    const stop = new AbortController();
    const watching = { signal: stop.signal, logger: silent };
    const running = createInformer<Pod>(client, pods, watching);
    const wanted = createInformer<ReplicaSet>(client, replicaSets, watching);
    await Promise.all([running.synced, wanted.synced]);
    running.onChange(() => {
      const now = [...running.items.values()].filter(({ metadata }) => !metadata.deletionTimestamp);
      ready.push(now.filter(isReady).length);
    });
    // maxSurge limits the sum of `spec.replicas`. Pods that still have to be deleted do not count.
    wanted.onChange(() => {
      asked.push([...wanted.items.values()].reduce((total, { spec }) => total + (spec.replicas ?? 1), 0));
    });
    await setImage('web', 'web:2');
    await complete('web', 4);
    stop.abort();
    expect(Math.max(...asked)).toBe(5);
    expect(Math.min(...ready)).toBeGreaterThanOrEqual(3);
    const sets = await all(replicaSets);
    expect(sets.map(({ spec }) => spec.replicas).sort()).toEqual([0, 4]);
    expect(revisions(sets)).toEqual({ 'web:1': '1', 'web:2': '2' });
    expect((await all(pods)).map(({ spec }) => spec.containers[0]?.image)).toEqual(Array(4).fill('web:2'));
  });

  test('a rollback scales up the old ReplicaSet and gives it the next revision', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await complete('web', 2);
    await setImage('web', 'web:2');
    await complete('web', 2);
    await setImage('web', 'web:1');
    const deployment = await complete('web', 2);
    const sets = await all(replicaSets);
    expect(sets).toHaveLength(2);
    expect(revisions(sets)).toEqual({ 'web:1': '3', 'web:2': '2' });
    expect(deployment.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  });

  test('a Deployment with Recreate deletes every old pod before it creates a new one', async () => {
    const deployment = aDeployment('web', 3);
    deployment.spec.strategy = { type: 'Recreate' };
    await client.create(deployments, deployment);
    await complete('web', 3);
    const seen: string[][] = [];
    const stop = new AbortController();
    const informer = createInformer<Pod>(client, pods, { signal: stop.signal, logger: silent });
    await informer.synced;
    informer.onChange(() => {
      seen.push([...new Set([...informer.items.values()].map(({ spec }) => spec.containers[0]?.image ?? ''))]);
    });
    await setImage('web', 'web:2');
    await complete('web', 3);
    stop.abort();
    expect(seen.every((images) => images.length <= 1)).toBe(true);
  });

  test('a Deployment that is scaled up and down always reaches exactly the wanted number of pods', async () => {
    await client.create(deployments, aDeployment('web', 1));
    await complete('web', 1);
    for (const replicas of [6, 2, 0, 3]) {
      await client.patch(deployments, { name: 'web', namespace: 'default' }, { spec: { replicas } });
      await complete('web', replicas);
      await until(`${replicas} pods exist`, async () => ((await all(pods)).length === replicas ? true : undefined));
    }
  });

  test('a deleted pod is replaced, and a pod whose labels change is released and replaced', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await complete('web', 2);
    const [first, second] = await all(pods);
    if (!first || !second) throw new Error('two pods were expected');
    await client.delete(pods, { name: first.metadata.name, namespace: 'default' });
    await until('a new pod exists', async () => {
      const now = await all(pods);
      return now.length === 2 && now.every(({ metadata }) => metadata.uid !== first.metadata.uid) ? now : undefined;
    });
    await client.patch(
      pods,
      { name: second.metadata.name, namespace: 'default' },
      { metadata: { labels: { app: 'mine' } } },
    );
    const released = await until('the pod is released', async () => {
      const now = await all(pods);
      const mine = now.find(({ metadata }) => metadata.uid === second.metadata.uid);
      return now.length === 3 && !mine?.metadata.ownerReferences ? mine : undefined;
    });
    await client.patch(
      pods,
      { name: released.metadata.name, namespace: 'default' },
      { metadata: { labels: { app: 'web' } } },
    );
    await until('a surplus pod is gone', async () => ((await all(pods)).length === 2 ? true : undefined));
  });

  test('the background deletion of a Deployment also deletes its ReplicaSets and pods', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await complete('web', 2);
    await client.delete(deployments, { name: 'web', namespace: 'default' }, { propagationPolicy: 'Background' });
    await until('everything is gone', async () =>
      (await all(pods)).length + (await all(replicaSets)).length === 0 ? true : undefined,
    );
  });

  test('the foreground deletion of a Deployment deletes its ReplicaSets and pods first', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await complete('web', 2);
    await client.delete(deployments, { name: 'web', namespace: 'default' }, { propagationPolicy: 'Foreground' });
    await until('the deployment is gone', async () => {
      if ((await all(deployments)).length > 0) return undefined;
      expect([await all(pods), await all(replicaSets)]).toEqual([[], []]);
      return true;
    });
  });

  test('the deletion of a Deployment with Orphan keeps its ReplicaSets and pods without an owner', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await complete('web', 2);
    await client.delete(deployments, { name: 'web', namespace: 'default' }, { propagationPolicy: 'Orphan' });
    await until('the deployment is gone', async () => ((await all(deployments)).length === 0 ? true : undefined));
    expect((await all(replicaSets)).map(({ metadata }) => metadata.ownerReferences ?? [])).toEqual([[]]);
    expect(await all(pods)).toHaveLength(2);
  });

  test('a DaemonSet keeps one pod on the node, replaces the pod for a new template, and is deleted with the pod', async () => {
    const key = { name: 'agent', namespace: 'default' };
    const { selector, template } = aDeployment('agent', 1).spec;
    await client.create(daemonSets, { metadata: key, spec: { selector, template } });
    const settled = (image: string) =>
      until(`the pod with ${image} is ready`, async () => {
        const { status, metadata } = await client.get(daemonSets, key);
        const [pod, ...others] = await all(pods);
        const isNew = pod?.spec.containers[0]?.image === image && isReady(pod) && others.length === 0;
        const isKnown = status?.observedGeneration === metadata.generation && status?.numberAvailable === 1;
        return isNew && isKnown && status?.updatedNumberScheduled === 1 ? pod : undefined;
      });
    const first = await settled('web:1');
    expect(first.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet', name: 'agent', controller: true }]);
    await client.patch(daemonSets, key, {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'web:2' }] } } },
    });
    await settled('web:2');
    expect((await all(controllerRevisions)).map(({ revision }) => revision).sort()).toEqual([1, 2]);
    await client.delete(daemonSets, key, { propagationPolicy: 'Background' });
    await until('everything is gone', async () =>
      (await all(pods)).length + (await all(controllerRevisions)).length === 0 ? true : undefined,
    );
  });

  test('the slices and Endpoints of a service list its pods, and are deleted with the service', async () => {
    await client.create(deployments, aDeployment('web', 2));
    await client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const slices = await until('two endpoints are ready', async () => {
      const now = (await all(endpointSlices)).filter(({ metadata }) => metadata.name.startsWith('web'));
      const ready = now.flatMap((slice) => slice.endpoints).filter(({ conditions }) => conditions?.ready);
      return ready.length === 2 ? now : undefined;
    });
    expect(slices).toHaveLength(1);
    expect(slices[0]?.ports).toMatchObject([{ port: 8080, protocol: 'TCP' }]);
    const classic = await until('two addresses are in the Endpoints', async () => {
      const [object] = (await all(endpoints)).filter(({ metadata }) => metadata.name === 'web');
      return object?.subsets?.[0]?.addresses?.length === 2 ? object : undefined;
    });
    expect(classic.subsets?.[0]?.ports).toEqual([{ port: 8080, protocol: 'TCP' }]);
    await client.delete(services, { name: 'web', namespace: 'default' });
    await until('the slices and the Endpoints are gone', async () => {
      const left = [...(await all(endpointSlices)), ...(await all(endpoints))];
      return left.some(({ metadata }) => metadata.name.startsWith('web')) ? undefined : true;
    });
  });

  test('every namespace has the authority of the API server, also after somebody changed or deleted it', async () => {
    const key = { name: 'kube-root-ca.crt', namespace: 'default' };
    const published = () =>
      until('the authority is published', async () => {
        const { items } = await client.list(configMaps, { namespace: 'default' });
        const map = items.find(({ metadata }) => metadata.name === key.name);
        return map?.data?.['ca.crt'] === 'the authority' && Object.keys(map.data).length === 1 ? map : undefined;
      });
    const map = await published();
    expect(map.metadata.annotations).toHaveProperty('kubernetes.io/description');
    await client.patch(configMaps, key, { data: { 'ca.crt': 'another', more: 'x' } });
    await published();
    await client.delete(configMaps, key);
    await published();
    await client.patch(configMaps, key, { data: { 'ca.crt': 'another' }, immutable: true });
    await published();
  });

  test('a namespace gets a service account, and is deleted with all its objects', async () => {
    await ensureNamespace(client, 'shop');
    await until('the service account exists', async () =>
      (await client.list(serviceAccounts, { namespace: 'shop' })).items.length === 1 ? true : undefined,
    );
    const deployment = aDeployment('web', 2);
    deployment.metadata.namespace = 'shop';
    await client.create(deployments, deployment);
    await until('the pods exist', async () =>
      (await client.list(pods, { namespace: 'shop' })).items.length === 2 ? true : undefined,
    );
    await client.delete(namespaces, { name: 'shop' });
    await until('the namespace is gone', async () => {
      try {
        await client.get(namespaces, { name: 'shop' });
        return undefined;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    });
    expect((await client.list(pods, { namespace: 'shop' })).items).toEqual([]);
  });

  test('a namespace whose content has a finalizer says so while it is being deleted', async () => {
    await ensureNamespace(client, 'stuck');
    const key = { name: 'held', namespace: 'stuck' };
    await client.create(configMaps, { metadata: { ...key, finalizers: ['a.b/c'] } });
    await client.delete(namespaces, { name: 'stuck' });
    const find = async (reason: string) => {
      const { status } = await client.get(namespaces, { name: 'stuck' });
      return status?.conditions?.find((condition) => condition.reason === reason);
    };
    const held = await until('a condition names the finalizer', () => find('SomeFinalizersRemain'));
    expect(held).toMatchObject({
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      message: 'Some content in the namespace has finalizers remaining: a.b/c in 1 resource instances',
    });
    expect(await find('SomeResourcesRemain')).toMatchObject({
      type: 'NamespaceContentRemaining',
      status: 'True',
      message: 'Some resources are remaining: configmaps. has 1 resource instances',
    });
    expect(await find('ContentDeleted')).toMatchObject({ type: 'NamespaceDeletionContentFailure', status: 'False' });
    await client.patch(configMaps, key, { metadata: { finalizers: null } });
    await until('the namespace is gone', async () => {
      const { items } = await client.list(namespaces);
      return items.some(({ metadata }) => metadata.name === 'stuck') ? undefined : true;
    });
  });

  test('nodes get the pod subnet of their number, in any order of registration', async () => {
    await Promise.all(['node02', 'controlplane', 'extra'].map((name) => client.create(nodes, aNode(name))));
    const subnets = await until('every node has a pod subnet', async () => {
      const { items } = await client.list(nodes);
      const pairs = items.map(({ metadata, spec }) => [metadata.name, spec?.podCIDR] as const);
      return pairs.every(([, subnet]) => subnet) ? Object.fromEntries(pairs) : undefined;
    });
    expect(subnets).toMatchObject({
      controlplane: '10.244.0.0/24',
      node01: '10.244.1.0/24',
      node02: '10.244.2.0/24',
      extra: '10.244.3.0/24',
    });
  });

  test('a ReplicaSet without a Deployment adopts a matching pod', async () => {
    const labels = { app: 'solo' };
    await client.create(pods, { metadata: { name: 'orphan', namespace: 'default', labels }, spec: aPodSpec() });
    const set: ReplicaSet = {
      metadata: { name: 'solo', namespace: 'default' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: aPodSpec() } },
    };
    await client.create(replicaSets, set);
    await until('two pods are ready', async () => {
      const { status } = await client.get(replicaSets, { name: 'solo', namespace: 'default' });
      return status?.readyReplicas === 2 ? true : undefined;
    });
    const now = await all(pods);
    expect(now).toHaveLength(2);
    expect(now.find(({ metadata }) => metadata.name === 'orphan')?.metadata.ownerReferences).toMatchObject([
      { kind: 'ReplicaSet', name: 'solo', controller: true },
    ]);
  });
};

const revisions = (sets: readonly ReplicaSet[]): Record<string, string | undefined> =>
  Object.fromEntries(
    sets.map(({ spec, metadata }) => [
      spec.template?.spec.containers[0]?.image,
      metadata.annotations?.['deployment.kubernetes.io/revision'],
    ]),
  );

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

export const ensureNamespace = async (client: Client, name: string): Promise<void> => {
  try {
    await client.get(namespaces, { name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.create(namespaces, { metadata: { name }, spec: { finalizers: ['kubernetes'] } });
  }
};

/** Binds every pod to node01, sets it to Ready, and finishes the deletion of deleted pods. */
const startFakeKubelet = (client: Client, signal: AbortSignal): void => {
  let address = 1;
  const informer = createInformer<Pod>(client, pods, { signal, logger: silent });
  const ignore = (step: Promise<unknown>): void => void step.catch(() => {});
  informer.onChange((_, pod) => {
    if (!pod) return;
    const key = { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' };
    if (pod.metadata.deletionTimestamp) return ignore(client.delete(pods, key, { gracePeriodSeconds: 0 }));
    if (!pod.spec.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: 'node01' };
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: key, target };
      return ignore(client.createSubresource(pods, key, 'binding', body));
    }
    if (isReady(pod)) return;
    address += 1;
    const podIP = `10.244.1.${address}`;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }];
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
    ignore(client.patch(pods, key, { status }, { subresource: 'status' }));
  });
};
