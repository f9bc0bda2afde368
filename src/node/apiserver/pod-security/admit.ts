// The admission plugin PodSecurity: refuses pods that violate the standard of their namespace, and warns.
import type { Namespace } from '../../../api/core.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '../../../api/core-pods.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { namespaces, pods, type Resource } from '../../../api/resources.ts';
import { kubernetesMinor } from '../../../api/version.ts';
import type { Logger } from '../../../kit/logger.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../store/store.ts';
import { baseline } from './baseline.ts';
import { levels, nameOf, type Policy, policyOf, type Standard } from './policy.ts';
import { restricted } from './restricted.ts';
import { type Subject, subjectOf, type Violation } from './subject.ts';

export interface Reader {
  readonly store: Store;
  readonly logger: Pick<Logger, 'info'>;
  /** Sends a warning to the client. */
  readonly warn: (text: string) => void;
}

/** What the pod violates of the standard. */
const violations = ({ level, version }: Standard, subject: Subject): Violation[] => {
  if (level === 'privileged') return [];
  const newest = Number(kubernetesMinor);
  const minor = version === 'latest' ? newest : Math.min(newest, Number(version.slice('v1.'.length)));
  const checks = level === 'baseline' ? baseline : [...baseline.filter(({ isCovered }) => !isCovered), ...restricted];
  return checks.filter(({ since }) => since <= minor).flatMap((check) => check.run(subject, minor) ?? []);
};

const describe = (list: readonly Violation[]): string =>
  list.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');

const policyFor = ({ metadata }: KubeObject, store: Store): Policy => {
  const namespace = store.get(namespaces, { name: metadata.namespace ?? '' });
  return policyOf(namespace?.metadata.labels);
};

/** @throws StatusError 403 */
export const admitPodSecurity = (pod: Pod, { store, warn, logger }: Reader): void => {
  const { enforce, warn: warned, audit } = policyFor(pod, store);
  const subject = subjectOf(pod.spec, pod.metadata.annotations);
  auditOf(audit, subject, { ...pod, kind: pods.kind }, logger);
  const refused = violations(enforce, subject);
  if (refused.length > 0)
    throw forbidden(pods, pod.metadata.name, `violates PodSecurity "${nameOf(enforce)}": ${describe(refused)}`);
  warnOf(warned, subject, warn);
};

const warnOf = (standard: Standard, subject: Subject, warn: Reader['warn']): void => {
  const found = violations(standard, subject);
  if (found.length > 0) warn(`would violate PodSecurity "${nameOf(standard)}": ${describe(found)}`);
};

/**
 * There is no audit log. The log of the API server gets what Kubernetes writes into the annotation `audit-violations`
 * of an audit event.
 */
const auditOf = (
  standard: Standard,
  subject: Subject,
  { kind = '', metadata }: KubeObject,
  logger: Reader['logger'],
): void => {
  const found = violations(standard, subject);
  if (found.length === 0) return;
  logger.info(0, 'Pod Security audit', {
    kind,
    object: `${metadata.namespace ?? ''}/${metadata.name}`,
    'audit-violations': `would violate PodSecurity "${nameOf(standard)}": ${describe(found)}`,
  });
};

/** Only the pods of a workload are refused. The workload itself gets the warning. */
export const warnOfTemplate = (
  { kind }: Pick<Resource, 'kind'>,
  workload: KubeObject & { readonly spec?: { readonly template?: PodTemplateSpec } },
  { store, warn, logger }: Reader,
): void => {
  const template = workload.spec?.template;
  if (!template) return;
  const subject = subjectOf(template.spec, template.metadata?.annotations);
  const policy = policyFor(workload, store);
  auditOf(policy.audit, subject, { ...workload, kind }, logger);
  warnOf(policy.warn, subject, warn);
};

/** The client hears where audits go. @param current undefined for a new namespace */
export const explainAudits = (next: Namespace, current: Namespace | undefined, warn: Reader['warn']): void => {
  const { audit } = policyOf(next.metadata.labels);
  if (audit.level === 'privileged' || policyOf(current?.metadata.labels).audit.level === audit.level) return;
  warn(`labs has no audit log: the log of the API server names pods that violate the level "${nameOf(audit)}"`);
};

/** A pod keeps running when its namespace becomes stricter. The client hears which pods would be refused now. */
export const warnOfPods = (next: Namespace, current: Namespace, { store, warn }: Reader): void => {
  const { enforce } = policyOf(next.metadata.labels);
  const { enforce: before } = policyOf(current.metadata.labels);
  const isStricter = enforce.version !== before.version || levels.indexOf(enforce.level) > levels.indexOf(before.level);
  if (!isStricter || enforce.level === 'privileged') return;
  const names = new Map<string, string[]>();
  for (const pod of store.list(pods, next.metadata.name) as Pod[]) {
    const found = violations(enforce, subjectOf(pod.spec, pod.metadata.annotations));
    if (found.length === 0) continue;
    const reasons = found.map(({ reason }) => reason).join(', ');
    names.set(reasons, [...(names.get(reasons) ?? []), pod.metadata.name]);
  }
  if (names.size === 0) return;
  warn(
    `existing pods in namespace "${next.metadata.name}" violate the new PodSecurity enforce level "${nameOf(enforce)}"`,
  );
  for (const line of [...names].map(([reasons, list]) => `${named(list)}: ${reasons}`).sort()) warn(line);
};

const named = ([first, ...others]: readonly string[]): string => {
  if (others.length === 0) return `${first}`;
  return `${first} (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`;
};

/** Whether an update of a pod changes what the checks read: the image of a container, or the containers. */
export const needsCheck = (next: Pod, current: Pod): boolean => imagesOf(next.spec) !== imagesOf(current.spec);

const imagesOf = ({ initContainers = [], containers = [], ephemeralContainers = [] }: PodSpec): string =>
  JSON.stringify([initContainers, containers, ephemeralContainers].map((list) => list.map(({ image }) => image)));
