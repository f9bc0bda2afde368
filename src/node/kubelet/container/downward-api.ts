// The downward API: a pod's own fields and resources as values for its environment and files. Pure.
import type { Container, Pod, ResourceFieldSelector } from '../../../api/core-pods.ts';
import { milliCpu, wholeUnits } from '../../../api/quantity.ts';

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

/** Sorted lines `key="value"`, with the value quoted as by Go's %q. */
const formatMap = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n');

const goEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

const goQuote = (text: string): string => `"${[...text].map(goCharacter).join('')}"`;

const goCharacter = (character: string): string => {
  const named = goEscapes[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) return character;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** What the node has for pods, by resource: quantities as in its status. */
export type Allocatable = Readonly<Record<string, string>>;

/**
 * @param own the container that asks; the reference may name another one
 * @returns the amount in units of the divisor, rounded up. A limit that the container does not set is the node's amount
 * @throws Error when there is no such container or resource
 */
export const resourceField = (
  reference: ResourceFieldSelector,
  { spec }: Pod,
  allocatable: Allocatable,
  own?: Container,
): string => {
  const { containerName, resource, divisor } = reference;
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const container = containerName ? all.find(({ name }) => name === containerName) : own;
  if (!container) throw new Error(`container ${containerName ?? ''} not found`);
  const [, group, name = ''] = /^(requests|limits)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource) ?? [];
  if (!group) throw new Error(`Unsupported container resource : ${resource}`);
  const { requests, limits } = container.resources ?? {};
  const inherited = name.startsWith('hugepages-') ? undefined : allocatable[name];
  const quantity = group === 'limits' ? (limits?.[name] ?? inherited) : requests?.[name];
  const amountOf = name === 'cpu' ? milliCpu : wholeUnits;
  return String(Math.ceil(amountOf(quantity) / (amountOf(divisor) || amountOf('1'))));
};
