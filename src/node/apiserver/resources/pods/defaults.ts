// Defaults of pods and pod templates (apis/core/v1/defaults.go). As in Go, an empty text counts as one that is not set.
import type { Pod, PodSpec } from '../../../../api/core-pods.ts';
import { setContainerDefaults } from './container-defaults.ts';
import { setVolumeDefaults } from './volume-defaults.ts';

/** The defaults that pods and pod templates share. */
export const setPodSpecDefaults = (spec: PodSpec): void => {
  spec.restartPolicy ||= 'Always';
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  spec.schedulerName ||= 'default-scheduler';
  // The former name counts if the new name is not set.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) setContainerDefaults(container);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
};

/** The defaults of a pod. A template leaves them to its pods. */
export const setPodDefaults = (spec: PodSpec): void => {
  setPodSpecDefaults(spec);
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const { limits, requests } = container.resources ?? {};
    if (limits) container.resources = { ...container.resources, requests: { ...limits, ...requests } };
    if (!spec.hostNetwork) continue;
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
};

const taintTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** The additions of admission plugins: service account, tolerations for a lost node. */
export const admitPod = ({ spec }: Pod): void => {
  spec.serviceAccountName ||= 'default';
  spec.enableServiceLinks ??= true;
  spec.serviceAccount = spec.serviceAccountName;
  const tolerations = spec.tolerations ?? [];
  for (const key of taintTolerations) {
    const tolerated = tolerations.some(
      (toleration) => (toleration.key === key || !toleration.key) && (toleration.effect ?? 'NoExecute') === 'NoExecute',
    );
    if (!tolerated) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
};
