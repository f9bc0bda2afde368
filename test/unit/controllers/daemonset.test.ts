import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../../src/api/apps.ts';
import type { Node } from '../../../src/api/core.ts';
import type { Pod } from '../../../src/api/core-pods.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { daemonSetController } from '../../../src/node/controllers/daemonset/daemonset.ts';
import type { Write } from '../../../src/node/controllers/writes.ts';
import { aNode } from '../../support/objects.ts';
import { runs } from '../../support/runs.ts';
import { aWorld } from '../../support/world.ts';

const start = Date.parse('2026-01-01T01:00:00Z');
const aSet = (spec: Partial<DaemonSet['spec']> = {}, image = 'agent:1'): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', namespace: 'default', uid: 'set', generation: 1 },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'main', image }] } },
    ...spec,
  },
});
const imageOf = ({ spec }: Pod): string => spec.containers[0]?.image ?? '';

/** The objects on the server. The writes of the controller are applied to them. */
class Cluster {
  pods: Pod[] = [];
  revisions: ControllerRevision[] = [];
  now = start;
  #count = 0;
  set: DaemonSet;
  nodes: Node[];

  constructor(set: DaemonSet, nodes: Node[]) {
    this.set = set;
    this.nodes = nodes;
  }

  reconcile(): readonly Write[] {
    const world = aWorld([this.set, ...this.nodes, ...this.pods, ...this.revisions], this.now);
    const { writes } = daemonSetController.reconcile('default/agent', world);
    for (const write of writes) this.#apply(write);
    return writes;
  }

  #apply(write: Write): void {
    if (write.verb === 'create') {
      this.#count += 1;
      const { generateName, name = `${generateName}${this.#count}` } = write.object.metadata;
      const creationTimestamp = new Date(this.now + this.#count).toISOString();
      const object = { ...write.object, metadata: { ...write.object.metadata, name, uid: name, creationTimestamp } };
      if (object.kind === 'Pod') this.pods.push(object as Pod);
      else this.revisions.push(object as ControllerRevision);
    }
    if (write.verb === 'delete' && write.resource.kind === 'Pod') {
      // A bound pod ends later, a pod without a node at once.
      const pod = this.pods.find(({ metadata }) => metadata.name === write.key.name);
      if (pod?.spec.nodeName) pod.metadata.deletionTimestamp = new Date(this.now).toISOString();
      else this.pods = this.pods.filter((other) => other !== pod);
    }
    if (write.verb === 'delete' && write.resource.kind === 'ControllerRevision')
      this.revisions = this.revisions.filter(({ metadata }) => metadata.name !== write.key.name);
    if (write.verb !== 'patch') return;
    const { metadata: _metadata, ...patch } = write.patch as KubeObject;
    // A merge patch removes fields with null.
    const { status } = patch as { status?: object };
    const kept = Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== null));
    if (write.resource.kind === 'DaemonSet') this.set = { ...this.set, status: kept as unknown as DaemonSetStatus };
    else
      this.revisions = this.revisions.map((one) => (one.metadata.name === write.key.name ? { ...one, ...patch } : one));
  }

  /** The scheduler and the kubelet act on one pod: bind it, make it ready, or end it. */
  step(pod: Pod): void {
    if (pod.metadata.deletionTimestamp) this.pods = this.pods.filter((other) => other !== pod);
    else if (!pod.spec.nodeName) {
      const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      pod.spec = { ...pod.spec, nodeName: terms?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? '' };
    } else {
      const lastTransitionTime = new Date(this.now).toISOString();
      pod.status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
    }
  }

  /** Until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 60; round += 1) {
      const writes = this.reconcile();
      const waiting = this.pods.filter(({ status, metadata }) => metadata.deletionTimestamp || !status?.conditions);
      if (writes.length === 0 && waiting.length === 0) return;
      for (const pod of waiting) this.step(pod);
    }
    throw new Error('the set does not settle');
  }

  change(image: string): void {
    const { updateStrategy, revisionHistoryLimit } = this.set.spec;
    const next = aSet(
      {
        ...(updateStrategy ? { updateStrategy } : {}),
        ...(revisionHistoryLimit === undefined ? {} : { revisionHistoryLimit }),
      },
      image,
    );
    this.set = { ...this.set, spec: next.spec };
  }

  get ready(): number {
    return this.pods.filter(({ status, metadata }) => status?.conditions && !metadata.deletionTimestamp).length;
  }
  get placed(): string[] {
    return this.pods.map(({ spec }) => spec.nodeName ?? '').sort();
  }
}

const three = () => [aNode('a'), aNode('b'), aNode('c')];
const tainted = (effect: 'NoSchedule' | 'NoExecute', key = 'only') =>
  aNode('t', { spec: { taints: [{ key, effect }] } });

describe('a DaemonSet', () => {
  test('has one pod on each node, bound by its name, with tolerations for a sick node', () => {
    const cluster = new Cluster(aSet(), three());
    cluster.settle();
    expect(cluster.placed).toEqual(['a', 'b', 'c']);
    const [pod] = cluster.pods;
    expect(pod?.spec.tolerations?.map(({ key, effect }) => `${key} ${effect}`)).toEqual([
      'node.kubernetes.io/not-ready NoExecute',
      'node.kubernetes.io/unreachable NoExecute',
      'node.kubernetes.io/disk-pressure NoSchedule',
      'node.kubernetes.io/memory-pressure NoSchedule',
      'node.kubernetes.io/pid-pressure NoSchedule',
      'node.kubernetes.io/unschedulable NoSchedule',
    ]);
    expect(cluster.set.status).toEqual({
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
  });

  test.each([
    { name: 'a taint that it does not tolerate', node: tainted('NoSchedule'), spec: {}, runs: false },
    {
      name: 'the taint of a closed node',
      node: tainted('NoSchedule', 'node.kubernetes.io/unschedulable'),
      spec: {},
      runs: true,
    },
    {
      name: 'the taint of a lost node',
      node: tainted('NoExecute', 'node.kubernetes.io/unreachable'),
      spec: {},
      runs: true,
    },
    {
      name: 'a taint that it tolerates',
      node: tainted('NoExecute'),
      spec: { tolerations: [{ operator: 'Exists' as const }] },
      runs: true,
    },
    { name: 'no label that it selects', node: aNode('t'), spec: { nodeSelector: { disk: 'ssd' } }, runs: false },
    {
      name: 'the label that it selects',
      node: aNode('t', { labels: { disk: 'ssd' } }),
      spec: { nodeSelector: { disk: 'ssd' } },
      runs: true,
    },
  ])('on a node with $name: runs $runs', ({ node, spec, runs: isRunning }) => {
    const set = aSet();
    set.spec.template.spec = { ...set.spec.template.spec, ...spec };
    const cluster = new Cluster(set, [node]);
    cluster.settle();
    expect(cluster.placed).toEqual(isRunning ? ['t'] : []);
  });

  test('follows the nodes: a new one gets a pod, one that no longer fits loses it', () => {
    const cluster = new Cluster(aSet(), three());
    cluster.settle();
    cluster.nodes = [
      ...cluster.nodes.filter(({ metadata }) => metadata.name !== 'a'),
      aNode('d'),
      tainted('NoExecute'),
    ];
    cluster.settle();
    expect(cluster.placed).toEqual(['b', 'c', 'd']);
  });

  test('leaves a pod on a node that got a NoSchedule taint, and counts it as misplaced', () => {
    const cluster = new Cluster(aSet(), [aNode('t')]);
    cluster.settle();
    cluster.nodes = [tainted('NoSchedule')];
    cluster.settle();
    expect(cluster.placed).toEqual(['t']);
    expect(cluster.set.status).toMatchObject({ desiredNumberScheduled: 0, numberMisscheduled: 1 });
  });

  test('replaces a failed pod, but not faster than every five seconds', () => {
    const cluster = new Cluster(aSet(), [aNode('a')]);
    cluster.settle();
    const [pod] = cluster.pods;
    if (pod) pod.status = { phase: 'Failed' };
    expect(cluster.reconcile().filter(({ verb }) => verb === 'delete')).toEqual([]);
    cluster.now += 6000;
    cluster.settle();
    expect(cluster.pods.map(({ status }) => status?.phase)).toEqual(['Running']);
    expect(cluster.pods[0]).not.toBe(pod);
  });

  test('deletes a second pod on a node, and keeps the oldest', () => {
    const cluster = new Cluster(aSet(), [aNode('a')]);
    cluster.settle();
    const [first] = cluster.pods;
    if (first) cluster.pods.push({ ...structuredClone(first), metadata: { ...first.metadata, name: 'z', uid: 'z' } });
    cluster.settle();
    expect(cluster.pods.map(({ metadata }) => metadata.name)).toEqual([first?.metadata.name]);
  });
});

describe('a new template', () => {
  test('waits for the deletion of pods with OnDelete', () => {
    const cluster = new Cluster(aSet({ updateStrategy: { type: 'OnDelete' } }), three());
    cluster.settle();
    cluster.change('agent:2');
    cluster.settle();
    expect(cluster.pods.map(imageOf)).toEqual(['agent:1', 'agent:1', 'agent:1']);
    expect(cluster.set.status).not.toHaveProperty('updatedNumberScheduled');
    cluster.pods = cluster.pods.slice(1);
    cluster.settle();
    expect(cluster.pods.map(imageOf).sort()).toEqual(['agent:1', 'agent:1', 'agent:2']);
    expect(cluster.set.status).toMatchObject({ updatedNumberScheduled: 1 });
  });

  test('replaces a broken old pod at once, even when no pod may be unavailable', () => {
    const cluster = new Cluster(aSet(), three());
    cluster.settle();
    const [broken] = cluster.pods;
    if (broken) broken.status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };
    cluster.change('agent:2');
    const deleted = cluster.reconcile().flatMap((write) => (write.verb === 'delete' ? [write.key.name] : []));
    expect(deleted).toContain(broken?.metadata.name);
  });

  test('leaves a revision with the old template, and a rollback makes it the newest again', () => {
    const cluster = new Cluster(aSet(), three());
    cluster.settle();
    const [first] = cluster.revisions;
    expect(first?.data).toMatchObject({ spec: { template: { $patch: 'replace' } } });
    cluster.change('agent:2');
    cluster.settle();
    expect(cluster.revisions.map(({ revision }) => revision)).toEqual([1, 2]);
    cluster.change('agent:1');
    cluster.settle();
    expect(cluster.revisions.map(({ revision }) => revision)).toEqual([3, 2]);
    const hash = first?.metadata.labels?.['controller-revision-hash'];
    expect(cluster.pods.map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([
      hash,
      hash,
      hash,
    ]);
  });

  test('leaves at most as many old revisions as the limit says', () => {
    const cluster = new Cluster(aSet({ revisionHistoryLimit: 2 }), [aNode('a')]);
    for (const number of [1, 2, 3, 4, 5]) {
      cluster.change(`agent:${number}`);
      cluster.settle();
    }
    expect(cluster.revisions.map(({ revision }) => revision)).toEqual([3, 4, 5]);
  });

  test('never takes away more pods, and never adds more, than the limits allow, in any order of events', () => {
    const limits = fc.oneof(
      fc.integer({ min: 1, max: 4 }).map((maxUnavailable) => ({ maxUnavailable, maxSurge: 0 })),
      fc.integer({ min: 1, max: 4 }).map((maxSurge) => ({ maxUnavailable: 0, maxSurge })),
    );
    const choices = fc.array(fc.nat(20), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 6 }), choices, (rollingUpdate, count, order) => {
        const nodes = Array.from({ length: count }, (_, index) => aNode(`n${index}`));
        const cluster = new Cluster(aSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }), nodes);
        cluster.settle();
        cluster.change('agent:2');
        for (const choice of order) {
          cluster.reconcile();
          expect(cluster.ready).toBeGreaterThanOrEqual(count - rollingUpdate.maxUnavailable);
          const present = cluster.pods.filter(({ metadata }) => !metadata.deletionTimestamp);
          expect(present.length).toBeLessThanOrEqual(count + rollingUpdate.maxSurge);
          const pod = cluster.pods[choice % Math.max(1, cluster.pods.length)];
          if (pod) cluster.step(pod);
        }
        cluster.settle();
        expect(cluster.pods.map(imageOf)).toEqual(Array(count).fill('agent:2'));
        expect(new Set(cluster.placed).size).toBe(count);
      }),
      { numRuns: runs(100) },
    );
  });
});
