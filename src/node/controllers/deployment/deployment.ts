// Deployment → ReplicaSets, one per template. Moves pods from old to new sets within maxSurge and maxUnavailable.
import type { Deployment, ReplicaSet } from '../../../api/apps.ts';
import type { ObjectMeta } from '../../../api/meta.ts';
import { deployments, pods, replicaSets } from '../../../api/resources.ts';
import { matchesSelector } from '../../../api/selectors.ts';
import { keyOf } from '../../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from '../controller.ts';
import { equal } from '../equal.ts';
import { claim, controllerOf, ownerReference } from '../owners.ts';
import { isTerminal } from '../pods.ts';
import { keyFor, patchStatus, type Write } from '../writes.ts';
import { isScaling, newSetReplicas, replicasOf, rolloutLimitsOf, scaleSets, shrinkOldSets } from './numbers.ts';
import { condition, conditionOf, type DeploymentCondition, deadlineInMs, isComplete, statusOf } from './status.ts';
import {
  byAge,
  desiredAnnotation,
  findNewSet,
  hashLabel,
  hashOf,
  maxAnnotation,
  newSetAnnotations,
  revisionAnnotation,
  revisionOf,
} from './template.ts';

const defaultHistoryLimit = 10;

export const deploymentController: Controller = {
  name: 'deployment-controller',
  watches: [
    watch(deployments, (deployment) => [keyOf(deployment)]),
    watch(replicaSets, (set, world) => {
      const owner = controllerOf(set);
      if (owner) return owner.kind === 'Deployment' ? [`${set.metadata.namespace}/${owner.name}`] : [];
      return world
        .all(deployments, set.metadata.namespace)
        .filter(({ spec }) => matchesSelector(spec.selector, set.metadata.labels))
        .map(keyOf);
    }),
    // Strategy Recreate waits until the last old pod is gone.
    watch(pods, (pod, world) =>
      world
        .all(deployments, pod.metadata.namespace)
        .filter(({ spec }) => spec.strategy?.type === 'Recreate' && matchesSelector(spec.selector, pod.metadata.labels))
        .map(keyOf),
    ),
  ],
  reconcile(key, world) {
    const deployment = world.get(deployments, parseKey(key));
    return deployment === undefined ? nothing : reconcileDeployment(deployment, world);
  },
};

/** One reconcile of a Deployment: its sets, and the writes of the rollout. */
interface Rollout {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
  readonly world: World;
}

/** Writes, and the new condition Progressing if they change it. */
interface Step {
  readonly writes: readonly Write[];
  readonly progressing?: DeploymentCondition | undefined;
}

const reconcileDeployment = (deployment: Deployment, world: World): Outcome => {
  const { owned, writes: claims } = claim({
    ownerResource: deployments,
    owner: deployment,
    resource: replicaSets,
    candidates: world.all(replicaSets, deployment.metadata.namespace),
    matches: (set) => matchesSelector(deployment.spec.selector, set.metadata.labels),
  });
  const sets = owned.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const newSet = findNewSet(deployment, sets);
  const rollout = { deployment, newSet, oldSets: sets.filter((set) => set !== newSet), world };
  const step = deployment.metadata.deletionTimestamp === undefined ? nextStep(rollout) : { writes: [] };
  const status = statusOf({ deployment, newSet, sets, now: world.now }, step.progressing);
  const statusWrites = equal(status, deployment.status) ? [] : [patchStatus(deployments, deployment, status)];
  return { writes: [...claims, ...step.writes, ...statusWrites], againInMs: deadline(deployment, world) };
};

const deadline = (deployment: Deployment, { now }: World): number | undefined => {
  const left = deadlineInMs(deployment, now);
  return left === undefined || Number.isNaN(left) ? undefined : Math.max(left, 1000);
};

const nextStep = (rollout: Rollout): Step => {
  const { deployment, newSet, oldSets } = rollout;
  const pausing = pausedCondition(rollout);
  const scaling = resize(rollout, scaleSets(deployment, newSet, oldSets));
  if (deployment.spec.paused) return { writes: [...scaling, ...cleanUp(rollout)], progressing: pausing };
  const sets = [...oldSets, ...(newSet ? [newSet] : [])];
  if (scaling.length > 0 && isScaling(deployment, sets)) return { writes: scaling, progressing: pausing };
  const step = deployment.spec.strategy?.type === 'Recreate' ? recreate(rollout) : roll(rollout);
  return { ...step, progressing: step.progressing ?? pausing };
};

const pausedCondition = ({ deployment, world }: Rollout): DeploymentCondition | undefined => {
  const reason = conditionOf(deployment, 'Progressing')?.reason;
  const say = (next: string, message: string) =>
    condition(world.now, 'Progressing', 'Unknown', { reason: next, message });
  if (reason === 'ProgressDeadlineExceeded') return undefined;
  if (deployment.spec.paused && reason !== 'DeploymentPaused') return say('DeploymentPaused', 'Deployment is paused');
  if (!deployment.spec.paused && reason === 'DeploymentPaused')
    return say('DeploymentResumed', 'Deployment is resumed');
  return undefined;
};

const roll = (rollout: Rollout): Step => {
  const { deployment, newSet, oldSets } = rollout;
  const found = ensureNewSet(rollout);
  if (!newSet) return found;
  const size = newSetReplicas(deployment, [...oldSets, newSet], replicasOf(newSet));
  if (size !== replicasOf(newSet))
    return { ...found, writes: [...found.writes, ...resize(rollout, new Map([[newSet, size]]))] };
  const shrunk = resize(rollout, shrinkOldSets(deployment, newSet, oldSets));
  return { ...found, writes: [...found.writes, ...shrunk, ...cleanUp(rollout)] };
};

const recreate = (rollout: Rollout): Step => {
  const { deployment, newSet, oldSets, world } = rollout;
  const shrunk = resize(rollout, new Map(oldSets.map((set) => [set, 0])));
  if (shrunk.length > 0) return { writes: shrunk };
  const old = new Set(oldSets.map(({ metadata }) => metadata.uid));
  const running = world
    .all(pods, deployment.metadata.namespace)
    .some((pod) => old.has(controllerOf(pod)?.uid ?? '') && !isTerminal(pod));
  if (running) return { writes: [] };
  const found = ensureNewSet(rollout);
  if (!newSet) return found;
  const grown = resize(rollout, new Map([[newSet, replicasOf(deployment)]]));
  return { ...found, writes: [...found.writes, ...grown, ...cleanUp(rollout)] };
};

/** Creates the set of the current template, or gives the existing set the newest revision number. */
const ensureNewSet = (rollout: Rollout): Step => {
  const { deployment, newSet, oldSets, world } = rollout;
  const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
  const annotations = newSetAnnotations(deployment, revision, newSet);
  const writes: Write[] = [];
  const say = (reason: string, message: string) => condition(world.now, 'Progressing', 'True', { reason, message });
  if (!newSet) {
    const created = buildNewSet(rollout, annotations);
    const about = `${created.metadata.name} from 0 to ${created.spec.replicas}`;
    const message = `Scaled up replica set ${about}`;
    writes.push({ verb: 'create', resource: replicaSets, object: created });
    if (created.spec.replicas) writes.push(scalingEvent(deployment, message));
    writes.push(...setRevision(deployment, annotations));
    const name = created.metadata.name;
    return { writes, progressing: say('NewReplicaSetCreated', `Created new replica set "${name}"`) };
  }
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const sameReady = (newSet.spec.minReadySeconds ?? 0) === minReadySeconds;
  if (!equal(annotations, newSet.metadata.annotations ?? {}) || !sameReady) {
    const patch = { metadata: { annotations }, ...(sameReady ? {} : { spec: { minReadySeconds } }) };
    writes.push({ verb: 'patch', resource: replicaSets, key: keyFor(newSet), patch });
  }
  writes.push(...setRevision(deployment, annotations));
  const unknown = conditionOf(deployment, 'Progressing') === undefined;
  const found = `Found new replica set "${newSet.metadata.name}"`;
  return { writes, ...(unknown ? { progressing: say('FoundNewReplicaSet', found) } : {}) };
};

const setRevision = (deployment: Deployment, { [revisionAnnotation]: revision }: Record<string, string>): Write[] => {
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return [];
  const patch = { metadata: { annotations: { [revisionAnnotation]: revision } } };
  return [{ verb: 'patch', resource: deployments, key: keyFor(deployment), patch }];
};

const buildNewSet = ({ deployment, oldSets }: Rollout, annotations: Record<string, string>): ReplicaSet => {
  const hash = hashOf(deployment);
  const { spec, metadata } = deployment;
  const size = newSetReplicas(deployment, oldSets, 0);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  const own: ObjectMeta = {
    name: `${metadata.name}-${hash}`,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    labels,
    annotations: { ...annotations, ...sizeAnnotations(deployment) },
    ownerReferences: [ownerReference(deployments, deployment)],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: own,
    spec: {
      replicas: size,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
};

const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [desiredAnnotation]: String(replicasOf(deployment)),
  [maxAnnotation]: String(replicasOf(deployment) + rolloutLimitsOf(deployment).maxSurge),
});

/** Scales the sets, and records the Deployment's size in an annotation of each set. */
const resize = ({ deployment }: Rollout, sizes: ReadonlyMap<ReplicaSet, number>): Write[] =>
  [...sizes].flatMap(([set, size]): Write[] => {
    const annotations = sizeAnnotations(deployment);
    const before = replicasOf(set);
    const noted = Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value);
    if (size === before && (noted || size === 0)) return [];
    const patch = { metadata: { annotations }, spec: { replicas: size } };
    const write: Write = { verb: 'patch', resource: replicaSets, key: keyFor(set), patch };
    if (size === before) return [write];
    const message = `Scaled ${size > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${size}`;
    return [write, scalingEvent(deployment, message)];
  });

const scalingEvent = (about: Deployment, message: string): Write => ({
  verb: 'event',
  about,
  type: 'Normal',
  reason: 'ScalingReplicaSet',
  message,
});

/** Deletes the oldest sets beyond `revisionHistoryLimit`, after the rollout is complete. */
const cleanUp = ({ deployment, oldSets }: Rollout): Write[] => {
  if (!deployment.spec.paused && !isComplete(deployment, deployment.status ?? {})) return [];
  const idle = oldSets.filter(
    ({ spec, status, metadata }) =>
      (spec.replicas ?? 1) === 0 &&
      (status?.replicas ?? 0) === 0 &&
      (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
  );
  const surplus = oldSets.length - (deployment.spec.revisionHistoryLimit ?? defaultHistoryLimit);
  if (surplus <= 0) return [];
  return [...idle]
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, surplus)
    .map((set) => ({ verb: 'delete', resource: replicaSets, key: keyFor(set) }));
};
