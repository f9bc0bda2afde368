// Pods: what a new one starts with, and the few fields that an update may change.
import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodSpec } from '../../../api/core.ts';
import { pods, serviceAccounts } from '../../../api/resources.ts';
import { forbidden } from '../status.ts';
import { type FieldError, forbiddenField } from './field.ts';
import { admitPod, qosClassOf, setPodSpecDefaults } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validate.ts';
import type { AdmissionContext, Strategy } from './strategy.ts';

const updateProblem =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** The spec with everything that may change taken from another. */
const withMutable = (spec: PodSpec, from: PodSpec): PodSpec => {
  const images = (containers: PodSpec['containers'] = [], others: PodSpec['containers'] = []) =>
    containers.map((container, index) => ({ ...container, image: others[index]?.image ?? container.image }));
  const result: PodSpec = { ...spec, containers: images(spec.containers, from.containers) };
  if (spec.initContainers) result.initContainers = images(spec.initContainers, from.initContainers);
  for (const field of ['activeDeadlineSeconds', 'tolerations'] as const) {
    if (from[field] === undefined) delete result[field];
    else Object.assign(result, { [field]: from[field] });
  }
  return result;
};

const validateUpdate = (next: Pod, current: Pod): FieldError[] => {
  const unchanged = isDeepStrictEqual(withMutable(next.spec, current.spec), current.spec);
  return unchanged ? [] : [forbiddenField('spec', updateProblem)];
};

/** As the ServiceAccount admission plugin: a pod can't run as nobody. */
const requireAccount = ({ metadata, spec }: Pod, { store }: AdmissionContext): void => {
  const key = { name: spec.serviceAccountName ?? 'default', namespace: metadata.namespace ?? '' };
  if (store.get(serviceAccounts, key)) return;
  const problem = `error looking up service account ${key.namespace}/${key.name}: serviceaccount "${key.name}" not found`;
  throw forbidden(pods, metadata.name, problem);
};

export const podStrategy: Strategy<Pod> = {
  setDefaults: ({ spec }) => {
    if (spec) setPodSpecDefaults(spec);
  },
  prepareCreate: (pod, context) => {
    if (!pod.spec) return;
    admitPod(pod);
    requireAccount(pod, context);
    const qosClass = qosClassOf({ ...pod.spec, containers: pod.spec.containers ?? [] });
    pod.status = { phase: 'Pending', qosClass };
  },
  validate: ({ spec }) => validatePodSpec(spec, 'spec'),
  validateUpdate,
  hasStatus: true,
};
