// Defaults of pods and pod templates (apis/core/v1/defaults.go).
import type { Container, Pod, PodSpec, Probe, Volume } from '../../../../api/core-pods.ts';

export const setPodSpecDefaults = (spec: PodSpec): void => {
  spec.restartPolicy ??= 'Always';
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  for (const container of spec.initContainers ?? []) setContainerDefaults(container, spec);
  for (const container of spec.containers ?? []) setContainerDefaults(container, spec);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container, spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
};

const setContainerDefaults = (container: Container, spec: PodSpec): void => {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= hasTagLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= 'TCP';
    if (spec.hostNetwork && !port.hostPort) port.hostPort = port.containerPort;
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ??= 'v1';
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) setProbeDefaults(probe);
  }
  const { limits, requests } = container.resources;
  if (limits) container.resources.requests = { ...limits, ...requests };
};

/** No tag, or `:latest`. An image with a digest has no such tag. */
const hasTagLatest = (image: string): boolean => {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
};

const setProbeDefaults = (probe: Probe): void => {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (!probe.httpGet) return;
  probe.httpGet.path ??= '/';
  probe.httpGet.scheme ??= 'HTTP';
};

const setVolumeDefaults = (volume: Volume): void => {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= 420;
  if (volume.configMap) volume.configMap.defaultMode ??= 420;
  if (volume.hostPath) volume.hostPath.type ??= '';
};

const taintTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** The additions of admission plugins: service account, tolerations for a lost node. */
export const admitPod = ({ spec }: Pod): void => {
  spec.serviceAccountName ??= 'default';
  spec.enableServiceLinks ??= true;
  spec.serviceAccount ??= spec.serviceAccountName;
  const tolerations = spec.tolerations ?? [];
  for (const key of taintTolerations) {
    const tolerated = tolerations.some(
      (toleration) => (toleration.key === key || !toleration.key) && (toleration.effect ?? 'NoExecute') === 'NoExecute',
    );
    if (!tolerated) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
};

/** `Guaranteed` when each container's limits equal its requests for cpu and memory, `BestEffort` when none has any. */
export const qosClassOf = ({ containers, initContainers = [] }: PodSpec): string => {
  const all = [...containers, ...initContainers].map(({ resources = {} }) => resources);
  const some = all.some(
    ({ requests, limits }) => Object.keys(requests ?? {}).length + Object.keys(limits ?? {}).length > 0,
  );
  if (!some) return 'BestEffort';
  const guaranteed = all.every(({ requests = {}, limits = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
};
