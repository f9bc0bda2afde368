import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment, ReplicaSet } from '../../../src/api/apps.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { deploymentController } from '../../../src/node/controllers/deployment/deployment.ts';
import { replicasOf, rolloutLimitsOf } from '../../../src/node/controllers/deployment/numbers.ts';
import { templateHash } from '../../../src/node/controllers/deployment/template.ts';
import type { Write } from '../../../src/node/controllers/writes.ts';
import { aDeployment } from '../../support/objects.ts';
import { aWorld } from '../../support/world.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

/** The objects on the server. The writes of the controller are applied to them. */
class Cluster {
  deployment: Deployment;
  sets: ReplicaSet[] = [];
  #uids = 0;

  constructor(deployment: Deployment) {
    this.deployment = { ...deployment, metadata: { ...deployment.metadata, uid: 'deployment', generation: 1 } };
  }

  reconcile(at = now): readonly Write[] {
    const world = aWorld([this.deployment, ...this.sets], at);
    const { writes } = deploymentController.reconcile(`default/${this.deployment.metadata.name}`, world);
    for (const write of writes) this.#apply(write);
    return writes;
  }

  #apply(write: Write): void {
    if (write.verb === 'create') {
      this.#uids += 1;
      const creationTimestamp = new Date(now + this.#uids * 1000).toISOString();
      const metadata = { ...write.object.metadata, uid: `set-${this.#uids}`, creationTimestamp, generation: 1 };
      this.sets.push({ ...(write.object as ReplicaSet), metadata, status: { replicas: 0, observedGeneration: 1 } });
    }
    if (write.verb === 'delete') this.sets = this.sets.filter(({ metadata }) => metadata.name !== write.key.name);
    if (write.verb !== 'patch') return;
    const patched = (object: KubeObject): never => merge(object, write.patch) as never;
    if (write.resource.kind === 'Deployment') this.deployment = patched(this.deployment);
    else this.sets = this.sets.map((set) => (set.metadata.name === write.key.name ? patched(set) : set));
  }

  /** One step of a ReplicaSet and the kubelets: creates at most one pod, and makes at most one pod available. */
  step(set: ReplicaSet, makeAvailable: boolean): void {
    const { replicas = 0, availableReplicas = 0 } = set.status ?? {};
    const wanted = replicasOf(set);
    const count = replicas < wanted ? replicas + 1 : wanted;
    const available = Math.min(count, availableReplicas + (makeAvailable ? 1 : 0));
    set.status = { replicas: count, readyReplicas: available, availableReplicas: available, observedGeneration: 99 };
  }

  change(spec: Partial<Deployment['spec']>): void {
    const generation = (this.deployment.metadata.generation ?? 1) + 1;
    const { metadata } = this.deployment;
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation },
      spec: { ...this.deployment.spec, ...spec },
    };
  }

  total(value: (set: ReplicaSet) => number): number {
    return this.sets.reduce((sum, set) => sum + value(set), 0);
  }
}

const merge = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
};

const image = (name: string) => aDeployment('web', 1, name).spec.template;
const condition = ({ deployment }: Cluster, type: string) =>
  deployment.status?.conditions?.find((c) => c.type === type);

const settle = (cluster: Cluster): void => {
  for (let round = 0; round < 200; round += 1) {
    const writes = cluster.reconcile();
    for (const set of cluster.sets) cluster.step(set, true);
    if (writes.length === 0 && round > 2) return;
  }
  throw new Error(
    `the rollout did not end: ${JSON.stringify(cluster.sets.map(({ spec, status }) => [spec.replicas, status]))}`,
  );
};

describe('a rollout', () => {
  test('never exceeds maxSurge and always ends, whatever changes happen during it', () => {
    const share = fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
    );
    const move = fc.record({
      kind: fc.constantFrom('reconcile', 'reconcile', 'pods', 'pods', 'image', 'scale'),
      size: fc.integer({ min: 0, max: 10 }),
      ready: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        share,
        share,
        fc.array(move, { maxLength: 60 }),
        (size, maxSurge, maxUnavailable, moves) => {
          const initial = aDeployment('web', size, 'web:0');
          initial.spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
          const cluster = new Cluster(initial);
          settle(cluster);
          let largest = size;
          for (const { kind, size: next, ready } of moves) {
            if (kind === 'reconcile') cluster.reconcile();
            if (kind === 'pods') for (const set of cluster.sets) cluster.step(set, ready);
            if (kind === 'image') cluster.change({ template: image(`web:${next}`) });
            if (kind === 'scale') cluster.change({ replicas: next });
            largest = Math.max(largest, replicasOf(cluster.deployment) + rolloutLimitsOf(cluster.deployment).maxSurge);
            expect(cluster.total(replicasOf)).toBeLessThanOrEqual(
              Math.max(largest, size + rolloutLimitsOf(initial).maxSurge),
            );
          }
          settle(cluster);
          const wanted = replicasOf(cluster.deployment);
          expect(cluster.total(replicasOf)).toBe(wanted);
          expect(cluster.deployment.status?.updatedReplicas ?? 0).toBe(wanted);
          expect(condition(cluster, 'Progressing')?.reason).toBe('NewReplicaSetAvailable');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('always keeps as many pods available as maxUnavailable requires, if the size does not change', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 80 }),
        (size, moves) => {
          const cluster = new Cluster(aDeployment('web', size, 'web:0'));
          settle(cluster);
          cluster.change({ template: image('web:1') });
          const least = size - rolloutLimitsOf(cluster.deployment).maxUnavailable;
          for (const [reconcile, ready] of moves) {
            if (reconcile) cluster.reconcile();
            else for (const set of cluster.sets) cluster.step(set, ready);
            const available = cluster.total((set) => Math.min(replicasOf(set), set.status?.availableReplicas ?? 0));
            expect(available).toBeGreaterThanOrEqual(least);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('reports that it missed its progress deadline, and recovers', () => {
    const cluster = new Cluster(aDeployment('web', 2, 'web:0'));
    settle(cluster);
    cluster.change({ template: image('broken'), progressDeadlineSeconds: 60 });
    cluster.reconcile();
    cluster.reconcile();
    cluster.reconcile(now + 59_000);
    expect(condition(cluster, 'Progressing')).toMatchObject({ status: 'True' });
    cluster.reconcile(now + 61_000);
    expect(condition(cluster, 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    cluster.change({ template: image('web:0') });
    settle(cluster);
    expect(condition(cluster, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  test('stops while the Deployment is paused, and continues when it is resumed', () => {
    const cluster = new Cluster(aDeployment('web', 3, 'web:0'));
    settle(cluster);
    cluster.change({ paused: true, template: image('web:1') });
    settle(cluster);
    expect(cluster.sets).toHaveLength(1);
    expect(condition(cluster, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    cluster.change({ paused: false });
    settle(cluster);
    expect(cluster.sets.map(({ spec }) => spec.replicas)).toEqual([0, 3]);
  });

  test('deletes the oldest ReplicaSets beyond the history limit', () => {
    const cluster = new Cluster(aDeployment('web', 1, 'web:0'));
    cluster.change({ revisionHistoryLimit: 2 });
    for (let revision = 0; revision < 6; revision += 1) {
      cluster.change({ template: image(`web:${revision}`) });
      settle(cluster);
    }
    const kept = cluster.sets.map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(kept).toEqual(['4', '5', '6']);
  });
});

describe("a template's hash", () => {
  test('does not depend on the order of the keys, and contains no vowels', () => {
    const spec = { containers: [{ name: 'main', image: 'web' }], hostNetwork: true };
    const other = { hostNetwork: true, containers: [{ image: 'web', name: 'main' }] };
    expect(templateHash({ spec })).toBe(templateHash({ spec: other }));
    expect(templateHash({ spec })).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(templateHash({ spec })).not.toBe(templateHash({ spec }, 1));
  });
});
