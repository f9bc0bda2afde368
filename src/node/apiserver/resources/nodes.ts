// Nodes: a kubelet registers its node together with the status, so creation keeps the status.
import type { Node } from '../../../api/core.ts';
import { nodes } from '../../../api/resources.ts';
import { forbiddenField } from '../validation/field.ts';
import { ageOf, orNone } from './cells.ts';
import type { Definition } from './definition.ts';

const cells = ({ metadata, spec, status }: Node): unknown[] => {
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

export const nodeDefinition: Definition<Node> = {
  resource: nodes,
  subresources: ['status', 'proxy'],
  fieldSelectors: ['spec.unschedulable'],
  explanations: {
    'core.v1.Node': { '': 'A machine that runs pods. Its kubelet registers it and reports its state.' },
    'core.v1.NodeSpec': { podCIDR: 'The subnet from which pods on this node get their addresses.' },
  },
  columns: [
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
  cells,
  setDefaults: (node) => {
    node.spec ??= {};
    node.status ??= {};
  },
  validateUpdate: (next, current) =>
    current.spec?.podCIDR && next.spec?.podCIDR !== current.spec.podCIDR
      ? [forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')]
      : [],
};
