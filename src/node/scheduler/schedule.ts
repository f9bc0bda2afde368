// One scheduling decision: a pod and a snapshot → a node, or the reasons why no node fits. Pure.
import type { Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { requestsOf } from '../../api/requests.ts';
import { matchesLabels } from '../../api/selectors.ts';
import { tolerates } from '../../api/taints.ts';
import { preferenceFor } from './affinity.ts';
import { refuse } from './filter.ts';
import { type Candidate, histogram, preempt, type Verdict } from './preempt.ts';
import { weightOf } from './resources.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';
import { spreadCost } from './spread.ts';

/** `preemption` names the pods whose deletion makes room on a node. */
export type Decision =
  | { readonly info: NodeInfo }
  | { readonly unschedulable: string; readonly preemption?: Candidate };

/** Deterministic, so that a lab looks the same after each start. */
export const schedule = (pod: Pod, snapshot: Snapshot, services: Iterable<Service> = []): Decision => {
  const { nodes: all } = snapshot;
  if (all.length === 0) return { unschedulable: 'no nodes available to schedule pods' };
  const claim = pod.spec.volumes?.find(({ persistentVolumeClaim }) => persistentVolumeClaim)?.persistentVolumeClaim;
  if (claim) return { unschedulable: withoutClaim(claim.claimName, all.length) };
  const verdicts = all.map((info) => ({ info, refusal: refuse(pod, info, snapshot) }));
  const feasible = verdicts.filter(({ refusal }) => refusal === undefined).map(({ info }) => info);
  const best = feasible
    .map((info) => ({ info, rank: rankOf(pod, info, snapshot, services) }))
    .sort((a, b) => compare(a.rank, b.rank))[0];
  if (best) return { info: best.info };
  const refused = verdicts.filter((verdict): verdict is Verdict => verdict.refusal !== undefined);
  const unschedulable = `0/${refused.length} nodes are available: ${reasonsOf(refused)}.`;
  const preemption = preempt(pod, snapshot, refused);
  return typeof preemption === 'string'
    ? { unschedulable: `${unschedulable} preemption: ${preemption}` }
    : { unschedulable, preemption };
};

/**
 * A smaller rank is better. The first difference decides: taints to avoid, the pod's preferences, soft spread
 * constraints, siblings, load, number of pods, name. The original adds weighted scores and chooses at random among
 * equals. An order is easier to explain.
 */
const rankOf = (pod: Pod, info: NodeInfo, snapshot: Snapshot, services: Iterable<Service>): (number | string)[] => [
  taintsToAvoid(pod, info),
  -preferenceFor(pod, info, snapshot),
  spreadCost(pod, info, snapshot),
  siblingsOn(pod, info, services),
  load(pod, info),
  info.pods.length,
  info.node.metadata.name,
];

const compare = (a: readonly (number | string)[], b: readonly (number | string)[]): number => {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right !== undefined && left !== right) return left < right ? -1 : 1;
  }
  return 0;
};

const taintsToAvoid = ({ spec }: Pod, { node }: NodeInfo): number =>
  (node.spec?.taints ?? []).filter(
    (taint) =>
      taint.effect === 'PreferNoSchedule' && !spec.tolerations?.some((toleration) => tolerates(toleration, taint)),
  ).length;

/** Pods with the same owner, or behind the same service. */
const siblingsOn = (pod: Pod, { pods }: NodeInfo, services: Iterable<Service>): number => {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
  const selectors = [...services]
    .filter(({ metadata }) => metadata.namespace === pod.metadata.namespace)
    .map(({ spec }) => spec.selector ?? {})
    .filter((selector) => Object.keys(selector).length > 0 && matchesLabels(selector, pod.metadata.labels));
  return pods.filter(
    ({ metadata }) =>
      metadata.namespace === pod.metadata.namespace &&
      metadata.deletionTimestamp === undefined &&
      ((owner !== undefined && metadata.ownerReferences?.some(({ uid }) => uid === owner)) ||
        selectors.some((selector) => matchesLabels(selector, metadata.labels))),
  ).length;
};

/** The mean share of requested CPU and memory, in percent (LeastAllocated). */
const load = (pod: Pod, { weight, allocatable }: NodeInfo): number => {
  const own = weightOf(requestsOf(pod));
  const share = (used: number, of: number | undefined): number => (of ? Math.min(1, used / of) : 1);
  const cpu = share(weight.cpu + own.cpu, allocatable.get('cpu'));
  const memory = share(weight.memory + own.memory, allocatable.get('memory'));
  return Math.round(((cpu + memory) / 2) * 100);
};

/** `1 node(s) had untolerated taint {…}, 2 Insufficient cpu` */
const reasonsOf = (verdicts: readonly Verdict[]): string =>
  histogram(verdicts.flatMap(({ refusal }) => refusal.reasons));

/** Labs has no storage, so no claim exists. */
const withoutClaim = (name: string, nodes: number): string => {
  const available = `0/${nodes} nodes are available`;
  const preemption = `preemption: ${available}: ${nodes} Preemption is not helpful for scheduling.`;
  return `${available}: persistentvolumeclaim "${name}" not found. ${preemption}`;
};
