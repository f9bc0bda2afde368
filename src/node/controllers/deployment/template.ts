// Finds a Deployment's newest ReplicaSet: compares, hashes and numbers templates.
import type { Deployment, ReplicaSet } from '../../../api/apps.ts';
import type { PodTemplateSpec } from '../../../api/core-pods.ts';
import { canonical, equal } from '../equal.ts';
import { createdAt } from '../pods.ts';

export const hashLabel = 'pod-template-hash';
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const historyAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

const notCopied = [
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
];

/**
 * The hash of a template, e.g. `5d59d67564`: FNV-1a over its JSON with sorted keys. The original hashes Go's dump of
 * the template, so its hashes differ. The alphabet is the same: digits and consonants that form no words
 * (apimachinery's SafeEncodeString).
 */
export const templateHash = (template: PodTemplateSpec, collisions = 0): string => {
  let hash = 0x811c9dc5;
  const text = `${canonical(template)}${collisions > 0 ? collisions : ''}`;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
};

export const hashOf = ({ spec, status }: Deployment): string => templateHash(spec.template, status?.collisionCount);

const withoutHash = (template: PodTemplateSpec | undefined): unknown => {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
};

/** The oldest set with the Deployment's template, as in the original. */
export const findNewSet = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined => {
  const wanted = withoutHash(deployment.spec.template);
  const oldestFirst = [...sets].sort(byAge);
  return (
    oldestFirst.find((set) => equal(withoutHash(set.spec.template), wanted)) ??
    // The hash also matches if the server's defaults have changed since the set was created.
    oldestFirst.find((set) => set.metadata.labels?.[hashLabel] === hashOf(deployment))
  );
};

export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1);

export const revisionOf = ({ metadata }: { metadata: { annotations?: Record<string, string> } }): number =>
  Number(metadata.annotations?.[revisionAnnotation] ?? 0) || 0;

export const copiedAnnotations = (deployment: Deployment): Record<string, string> =>
  Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.includes(key)));

/** The annotations of the new set: its revision, after a rollback also its earlier revisions. */
export const newSetAnnotations = (
  deployment: Deployment,
  revision: number,
  existing: ReplicaSet | undefined,
): Record<string, string> => {
  const before = existing?.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...before, ...copiedAnnotations(deployment) };
  const old = before[revisionAnnotation];
  if (Number(old ?? 0) >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (old !== undefined) annotations[historyAnnotation] = [before[historyAnnotation], old].filter(Boolean).join(',');
  return annotations;
};
