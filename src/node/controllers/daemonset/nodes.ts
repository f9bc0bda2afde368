// On which nodes a DaemonSet's pods run, and the pod for one node (pkg/controller/daemon/util).
import type { DaemonSet } from '../../../api/apps.ts';
import type { Node } from '../../../api/core.ts';
import type { Pod, Toleration } from '../../../api/core-pods.ts';
import type { ObjectMeta } from '../../../api/meta.ts';
import { matchesNode } from '../../../api/node-affinity.ts';
import { daemonSets, pods } from '../../../api/resources.ts';
import { tolerates } from '../../../api/taints.ts';
import { ownerReference } from '../owners.ts';
import type { Write } from '../writes.ts';

export const hashLabel = 'controller-revision-hash';

/** A daemon serves its node also when the node is not ready, under pressure or closed for other pods. */
const tolerationsFor = ({ spec }: DaemonSet): Toleration[] => {
  const node = (name: string, effect: Toleration['effect']): Toleration => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    ...(effect ? { effect } : {}),
  });
  return [
    node('not-ready', 'NoExecute'),
    node('unreachable', 'NoExecute'),
    node('disk-pressure', 'NoSchedule'),
    node('memory-pressure', 'NoSchedule'),
    node('pid-pressure', 'NoSchedule'),
    node('unschedulable', 'NoSchedule'),
    ...(spec.template.spec.hostNetwork ? [node('network-unavailable', 'NoSchedule')] : []),
  ];
};

export interface Fit {
  readonly shouldRun: boolean;
  /** A pod that is there already may stay. */
  readonly mayStay: boolean;
}

export const fitOf = (set: DaemonSet, node: Node): Fit => {
  const { template } = set.spec;
  const { nodeName, tolerations = [] } = template.spec;
  if (nodeName && nodeName !== node.metadata.name) return { shouldRun: false, mayStay: false };
  if (!matchesNode(template, node)) return { shouldRun: false, mayStay: false };
  const all = [...tolerations, ...tolerationsFor(set)];
  const repelling = (node.spec?.taints ?? []).filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !all.some((toleration) => tolerates(toleration, taint)),
  );
  const mayStay = repelling.every(({ effect }) => effect !== 'NoExecute');
  return { shouldRun: repelling.length === 0, mayStay };
};

/** The node on which the pod runs, or for which it was created. */
export const nodeOf = ({ spec }: Pod): string | undefined => {
  if (spec.nodeName) return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')?.values?.[0];
};

export const createPod = (set: DaemonSet, nodeName: string, hash: string): Write => {
  const { metadata, spec } = set.spec.template;
  const { labels, annotations, finalizers } = metadata ?? {};
  const own = {
    generateName: `${set.metadata.name}-`,
    namespace: set.metadata.namespace,
    labels: { ...labels, [hashLabel]: hash },
    ...(annotations ? { annotations } : {}),
    ...(finalizers ? { finalizers } : {}),
    ownerReferences: [ownerReference(daemonSets, set)],
    // The API server generates the name.
  } as Partial<ObjectMeta> as ObjectMeta;
  // The scheduler binds the pod. This term replaces the terms of the template, which the node meets.
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }] };
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
  };
  const known = spec.tolerations ?? [];
  const added = tolerationsFor(set).filter(
    ({ key, effect }) => !known.some((toleration) => toleration.key === key && toleration.effect === effect),
  );
  const object: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: own,
    spec: { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: [...known, ...added] },
  };
  return {
    verb: 'create',
    resource: pods,
    object,
    report: {
      about: set,
      done: { reason: 'SuccessfulCreate', message: 'Created pod: %s' },
      failed: { reason: 'FailedCreate', message: 'Error creating: %s' },
    },
  };
};

export const deletePod = (set: DaemonSet, { metadata: { name, namespace, uid } }: Pod): Write => ({
  verb: 'delete',
  resource: pods,
  key: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...(uid === undefined ? {} : { options: { uid } }),
  report: {
    about: set,
    done: { reason: 'SuccessfulDelete', message: 'Deleted pod: %s' },
    failed: { reason: 'FailedDelete', message: 'Error deleting: %s' },
  },
});
