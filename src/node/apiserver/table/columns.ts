// The columns of every resource's table, as Kubernetes' printers define them; priority 1 shows with -o wide.
import type { Deployment, ReplicaSet } from '../../../api/apps.ts';
import type { Lease } from '../../../api/coordination.ts';
import type {
  ConfigMap,
  KubeEvent,
  Namespace,
  Node,
  PodTemplateSpec,
  Secret,
  ServiceAccount,
} from '../../../api/core.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { ageOf, formatSelector, orNone } from './format.ts';
import { endpointSliceCells, endpointsCells, serviceCells } from './network.ts';
import { podCells } from './pod.ts';

export interface TableShape<T extends KubeObject = KubeObject> {
  /** A name, with `?` in front for wide tables only. */
  readonly columns: readonly string[];
  readonly cells: (object: T) => unknown[];
}

const nodeCells = (node: Node): unknown[] => {
  const { metadata, spec, status } = node;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  const address = (type: string) => orNone(status?.addresses?.find((entry) => entry.type === type)?.address);
  const info = status?.nodeInfo ?? {};
  const unknown = (text: string | undefined) => text || '<unknown>';
  return [
    metadata.name,
    spec?.unschedulable ? `${state},SchedulingDisabled` : state,
    rolesOf(metadata.labels ?? {}),
    ageOf(metadata.creationTimestamp),
    info.kubeletVersion ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    unknown(info.osImage),
    unknown(info.kernelVersion),
    unknown(info.containerRuntimeVersion),
  ];
};

const rolesOf = (labels: Record<string, string>): string => {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key.length > prefix.length) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return orNone(roles.sort().join(','));
};

const containersOf = (template: PodTemplateSpec | undefined): [names: string, images: string] => {
  const containers = template?.spec.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image).join(',')];
};

const deploymentCells = ({ metadata, spec, status = {} }: Deployment): unknown[] => [
  metadata.name,
  `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
  status.updatedReplicas ?? 0,
  status.availableReplicas ?? 0,
  ageOf(metadata.creationTimestamp),
  ...containersOf(spec.template),
  formatSelector(spec.selector),
];

const replicaSetCells = ({ metadata, spec, status }: ReplicaSet): unknown[] => [
  metadata.name,
  spec.replicas ?? 0,
  status?.replicas ?? 0,
  status?.readyReplicas ?? 0,
  ageOf(metadata.creationTimestamp),
  ...containersOf(spec.template),
  formatSelector(spec.selector),
];

const eventCells = (event: KubeEvent): unknown[] => {
  const { involvedObject, source, metadata } = event;
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.lastTimestamp ?? first;
  const object = `${(involvedObject.kind ?? '').toLowerCase()}${involvedObject.name ? `/${involvedObject.name}` : ''}`;
  return [
    ageOf(last),
    event.type ?? '',
    event.reason ?? '',
    object,
    involvedObject.fieldPath ?? '',
    [source?.component ?? event.reportingComponent, source?.host].filter(Boolean).join(', '),
    (event.message ?? '').trim(),
    ageOf(first),
    event.count ?? 1,
    metadata.name,
  ];
};

const sizeOf = (...maps: (Record<string, string> | undefined)[]): number =>
  maps.reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0);

const shape = <T extends KubeObject>(columns: readonly string[], cells: (object: T) => unknown[]): TableShape =>
  ({ columns, cells }) as TableShape<never> as TableShape;

const plain = shape(['Name', 'Created At'], ({ metadata }) => [metadata.name, metadata.creationTimestamp ?? '']);

const shapes: Readonly<Record<string, TableShape>> = {
  pods: shape(
    ['Name', 'Ready', 'Status', 'Restarts', 'Age', '?IP', '?Node', '?Nominated Node', '?Readiness Gates'],
    podCells,
  ),
  services: shape(['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '?Selector'], serviceCells),
  endpoints: shape(['Name', 'Endpoints', 'Age'], endpointsCells),
  endpointslices: shape(['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'], endpointSliceCells),
  nodes: shape(
    [
      'Name',
      'Status',
      'Roles',
      'Age',
      'Version',
      '?Internal-IP',
      '?External-IP',
      '?OS-Image',
      '?Kernel-Version',
      '?Container-Runtime',
    ],
    nodeCells,
  ),
  namespaces: shape(['Name', 'Status', 'Age'], ({ metadata, status }: Namespace) => [
    metadata.name,
    status?.phase ?? '',
    ageOf(metadata.creationTimestamp),
  ]),
  deployments: shape(
    ['Name', 'Ready', 'Up-to-date', 'Available', 'Age', '?Containers', '?Images', '?Selector'],
    deploymentCells,
  ),
  replicasets: shape(
    ['Name', 'Desired', 'Current', 'Ready', 'Age', '?Containers', '?Images', '?Selector'],
    replicaSetCells,
  ),
  configmaps: shape(['Name', 'Data', 'Age'], ({ metadata, data, binaryData }: ConfigMap) => [
    metadata.name,
    sizeOf(data, binaryData),
    ageOf(metadata.creationTimestamp),
  ]),
  secrets: shape(['Name', 'Type', 'Data', 'Age'], ({ metadata, type, data }: Secret) => [
    metadata.name,
    type ?? '',
    sizeOf(data),
    ageOf(metadata.creationTimestamp),
  ]),
  serviceaccounts: shape(['Name', 'Secrets', 'Age'], ({ metadata, secrets }: ServiceAccount) => [
    metadata.name,
    secrets?.length ?? 0,
    ageOf(metadata.creationTimestamp),
  ]),
  events: shape(
    ['Last Seen', 'Type', 'Reason', 'Object', '?Subobject', '?Source', 'Message', '?First Seen', '?Count', '?Name'],
    eventCells,
  ),
  leases: shape(['Name', 'Holder', 'Age'], ({ metadata, spec }: Lease) => [
    metadata.name,
    spec?.holderIdentity ?? '',
    ageOf(metadata.creationTimestamp),
  ]),
};

export const tableShapeOf = (resource: Resource): TableShape => shapes[resource.plural] ?? plain;
