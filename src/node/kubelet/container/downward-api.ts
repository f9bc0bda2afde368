// The downward API: a pod's own fields and resources as values for its environment and files. Pure.
import type { Pod } from '../../../api/core.ts';

export interface PodAddresses {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
}

/** @param fieldPath such as `status.podIP`. @returns undefined when the downward API has no such field */
export const podField = (fieldPath: string, { pod, podIp, hostIp }: PodAddresses): string | undefined => {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? 'default',
    'metadata.uid': pod.metadata.uid ?? '',
    'metadata.labels': formatMap(pod.metadata.labels),
    'metadata.annotations': formatMap(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': hostIp,
    'status.hostIPs': hostIp,
  };
  return fields[fieldPath];
};

const formatMap = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

/**
 * @param reference a `resourceFieldRef`; without a container name, it refers to the pod's first container
 * @returns the quantity as written in the pod; 0 when the container does not set it
 */
export const resourceField = (reference: Record<string, unknown> | undefined, { spec }: Pod): string => {
  const container = spec.containers.find(({ name }) => name === reference?.containerName) ?? spec.containers[0];
  const [group, resource] = String(reference?.resource ?? '').split('.');
  const quantity = container?.resources?.[group as 'requests' | 'limits']?.[resource ?? ''];
  return quantity ?? '0';
};
