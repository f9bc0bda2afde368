// Nodes: a kubelet registers its node together with the status, so creation keeps the status.
import type { Node, Taint } from '../../../api/core.ts';
import { readNetwork } from '../../../api/ip.ts';
import { nodes } from '../../../api/resources.ts';
import { validateNetwork } from '../validation/addresses.ts';
import { duplicate, type FieldError, forbiddenField, GoLiteral, invalidValue, required } from '../validation/field.ts';
import { labelValueProblems, qualifiedNameProblems } from '../validation/names.ts';
import { invalidValues, oneOf } from '../validation/values.ts';
import { ageOf, orNone } from './cells.ts';
import type { Definition } from './definition.ts';
import { taintEffects } from './pods/validate/scheduling.ts';

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

const validatePodNetworks = ({ spec }: Node): FieldError[] => {
  const { podCIDR, podCIDRs = podCIDR ? [podCIDR] : [] } = spec ?? {};
  const errors = podCIDRs.flatMap((cidr, index) => validateNetwork(cidr, `spec.podCIDRs[${index}]`));
  const families = podCIDRs.map((cidr) => readNetwork(cidr)?.family);
  if (podCIDRs.length < 2 || (podCIDRs.length === 2 && new Set(families).size === 2)) return errors;
  return [...errors, invalidValue('spec.podCIDRs', podCIDRs, 'may specify no more than one CIDR for each IP family')];
};

/** As Go prints a taint, with the reason why there may be no second one. */
const goTaint = ({ key, value = '', effect, timeAdded }: Taint): GoLiteral => {
  const [name, text, what] = [key, value, effect].map((part) => JSON.stringify(part));
  const taint = `core.Taint{Key:${name}, Value:${text}, Effect:${what}, TimeAdded:${timeAdded ?? '<nil>'}}`;
  return new GoLiteral(`${taint}: taints must be unique by key and effect pair`);
};

const validateTaints = ({ spec }: Node): FieldError[] => {
  const seen = new Set<string>();
  return (spec?.taints ?? []).flatMap((taint, index) => {
    // The original says `metadata` here.
    const path = `metadata.taints[${index}]`;
    const { key = '', value = '', effect } = taint;
    const problems = labelValueProblems(value);
    const errors = [
      ...invalidValues(`${path}.key`, key, qualifiedNameProblems(key)),
      ...(problems.length > 0 ? [invalidValue(`${path}.value`, value, problems.join(';'))] : []),
      ...(effect ? oneOf(effect, taintEffects, `${path}.effect`) : [required(`${path}.effect`)]),
    ];
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) errors.push(duplicate(path, goTaint(taint)));
    seen.add(pair);
    return errors;
  });
};

const validateAddresses = ({ status }: Node): FieldError[] => {
  const addresses = (status?.addresses ?? []).map(
    ({ type, address }) => `core.NodeAddress{Type:${JSON.stringify(type)}, Address:${JSON.stringify(address)}}`,
  );
  return addresses.flatMap((text, index) =>
    addresses.indexOf(text) < index ? [duplicate(`status.addresses[${index}]`, new GoLiteral(text))] : [],
  );
};

const validatePodNetworksUpdate = (next: Node, current: Node): FieldError[] => {
  const before = current.spec?.podCIDRs ?? (current.spec?.podCIDR ? [current.spec.podCIDR] : []);
  const after = next.spec?.podCIDRs ?? (next.spec?.podCIDR ? [next.spec.podCIDR] : []);
  if (before.length === 0 || (before.join() === after.join() && current.spec?.podCIDR === next.spec?.podCIDR))
    return [];
  return [forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')];
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
    // The first network stands in both fields.
    const { podCIDR, podCIDRs } = node.spec;
    if (podCIDR && podCIDRs?.[0] !== podCIDR) node.spec.podCIDRs = [podCIDR];
    else if (!podCIDR && podCIDRs?.[0]) node.spec.podCIDR = podCIDRs[0];
  },
  validate: (node) => [...validateTaints(node), ...validatePodNetworks(node)],
  validateUpdate: validatePodNetworksUpdate,
  validateStatusUpdate: validateAddresses,
};
