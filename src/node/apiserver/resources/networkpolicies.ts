// NetworkPolicies: which traffic may reach pods. The API server checks and stores them, and warns that nothing in a lab
// enforces them.
import { networkAddress, networkContains, readNetwork } from '../../../api/ip.ts';
import { policyTypesOf } from '../../../api/network-policies.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/networking.ts';
import { networkPolicies } from '../../../api/resources.ts';
import { validateNetwork } from '../validation/addresses.ts';
import { type FieldError, forbiddenField, invalidValue, required, unsupported } from '../validation/field.ts';
import { portNameProblems } from '../validation/names.ts';
import { validateLabelSelector } from '../validation/selectors.ts';
import { invalidValues, isPort, oneOf, portProblem, protocols } from '../validation/values.ts';
import { ageOf, formatSelector, orNone } from './cells.ts';
import type { Definition } from './definition.ts';

const validatePolicy = ({ spec = {} }: NetworkPolicy): FieldError[] => {
  const { policyTypes = [] } = spec;
  return [
    ...validateLabelSelector(spec.podSelector, 'spec.podSelector'),
    ...(spec.ingress ?? []).flatMap(({ from, ports }, index) =>
      validateRule(ports, from, { path: `spec.ingress[${index}]`, peers: 'from' }),
    ),
    ...(spec.egress ?? []).flatMap(({ to, ports }, index) =>
      validateRule(ports, to, { path: `spec.egress[${index}]`, peers: 'to' }),
    ),
    ...(policyTypes.length > 2
      ? [invalidValue('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
      : policyTypes.flatMap((type, index) => oneOf(type, ['Egress', 'Ingress'], `spec.policyTypes[${index}]`))),
  ];
};

const validateRule = (
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  at: { readonly path: string; readonly peers: string },
): FieldError[] => [
  ...ports.flatMap((port, index) => validatePort(port, `${at.path}.ports[${index}]`)),
  ...peers.flatMap((peer, index) => validatePeer(peer, `${at.path}.${at.peers}[${index}]`)),
];

const validatePort = ({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] => {
  const end = `${path}.endPort`;
  const ofProtocol =
    protocol === undefined || protocols.includes(protocol)
      ? []
      : [unsupported(`${path}.protocol`, protocol, protocols)];
  if (port === undefined)
    return endPort === undefined
      ? ofProtocol
      : [...ofProtocol, invalidValue(end, endPort, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string')
    return [
      ...ofProtocol,
      ...(endPort === undefined ? [] : [invalidValue(end, endPort, 'may not be specified when `port` is non-numeric')]),
      ...invalidValues(`${path}.port`, port, portNameProblems(port)),
    ];
  return [
    ...ofProtocol,
    ...(isPort(port) ? [] : [invalidValue(`${path}.port`, port, portProblem)]),
    ...(endPort === undefined || endPort >= port
      ? []
      : [invalidValue(end, endPort, 'must be greater than or equal to `port`')]),
    ...(endPort === undefined || isPort(endPort) ? [] : [invalidValue(end, endPort, portProblem)]),
  ];
};

const validatePeer = ({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string): FieldError[] => {
  const selectors = [podSelector, namespaceSelector].filter((selector) => selector !== undefined);
  if (selectors.length === 0 && !ipBlock) return [required(path, 'must specify a peer')];
  if (selectors.length > 0 && ipBlock) return [forbiddenField(path, 'may not specify both ipBlock and another peer')];
  return [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...(ipBlock ? validateBlock(ipBlock, `${path}.ipBlock`) : []),
  ];
};

const validateBlock = (
  { cidr, except = [] }: NonNullable<NetworkPolicyPeer['ipBlock']>,
  path: string,
): FieldError[] => {
  if (!cidr) return [required(`${path}.cidr`)];
  const ofCidr = validateNetwork(cidr, `${path}.cidr`);
  if (ofCidr.length > 0) return ofCidr;
  return except.flatMap((network, index) => {
    const field = `${path}.except[${index}]`;
    const problems = validateNetwork(network, field);
    if (problems.length > 0) return problems;
    return isStrictSubset(network, cidr) ? [] : [invalidValue(field, network, 'must be a strict subset of `cidr`')];
  });
};

const isStrictSubset = (network: string, cidr: string): boolean =>
  networkContains(cidr, networkAddress(network) ?? '') && prefixOf(network) > prefixOf(cidr);

const prefixOf = (network: string): number => Number((readNetwork(network)?.text ?? '/0').split('/')[1]);

export const networkPolicyDefinition: Definition<NetworkPolicy> = {
  resource: networkPolicies,
  explanations: {
    'networking.v1.NetworkPolicy': {
      '': 'Says which traffic may reach pods. Labs stores policies, and checks of the type policy judge them. Nothing enforces them.',
    },
    'networking.v1.NetworkPolicySpec': {
      podSelector: 'The pods of the same namespace that the policy is about. {}: all of them.',
      policyTypes:
        'In which direction these pods are isolated. Default: Ingress, and Egress if there are egress rules.',
      ingress: 'The traffic that may come in. Without a rule, none.',
      egress: 'The traffic that may go out. Without a rule, none.',
    },
  },
  columns: ['Name', 'Pod-Selector', 'Age'],
  cells: ({ metadata, spec }) => [
    metadata.name,
    orNone(formatSelector(spec?.podSelector)),
    ageOf(metadata.creationTimestamp),
  ],
  setDefaults: (policy) => {
    policy.spec ??= {};
    policy.spec.podSelector ??= {};
    policy.spec.policyTypes = [...policyTypesOf(policy)];
    for (const { ports = [] } of [...(policy.spec.ingress ?? []), ...(policy.spec.egress ?? [])])
      for (const port of ports) port.protocol ??= 'TCP';
  },
  validate: validatePolicy,
  admit: (_policy, _current, { warn }) =>
    warn('labs does not enforce network policies: they change no traffic, and only checks of a lab judge them'),
  countsGenerations: true,
};
