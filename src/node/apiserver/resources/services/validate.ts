// Validates services, in the words of Kubernetes' ValidateService.
import type { Service, ServicePort } from '../../../../api/core.ts';
import { readIp } from '../../../../api/ip.ts';
import { validateIp, validateNetwork } from '../../validation/addresses.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  GoLiteral,
  invalidValue,
  required,
  unsupported,
} from '../../validation/field.ts';
import {
  labelProblems,
  portNameProblems,
  qualifiedNameProblems,
  subdomainProblems,
  validateLabels,
} from '../../validation/names.ts';
import { immutableProblem, invalidValues, isPort, oneOf, portProblem, protocols } from '../../validation/values.ts';
import { validateAddresses, validateAddressesUpdate } from './validate-addresses.ts';

/** In seconds: one day. */
const longestAffinity = 86_400;
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export const validateService = (service: Service): FieldError[] => {
  const { spec } = service;
  return [
    ...validateType(service),
    ...(spec.ports ?? []).flatMap((port, index) => validatePort(port, index, service)),
    ...validateDuplicates(spec.ports ?? []),
    ...validateLabels(spec.selector ?? {}, 'spec.selector'),
    ...validateAffinity(service),
    ...validateAddresses(service),
    ...validateBalancer(service),
    ...validatePolicies(service),
  ];
};

const notForNames = 'may not be set for ExternalName services';

const validateType = ({ spec }: Service): FieldError[] => {
  switch (spec.type) {
    case 'ExternalName':
      return [
        ...(spec.clusterIP ? [forbiddenField('spec.clusterIPs', notForNames)] : []),
        ...(spec.ipFamilies?.length ? [forbiddenField('spec.ipFamilies', notForNames)] : []),
        ...(spec.ipFamilyPolicy === undefined ? [] : [forbiddenField('spec.ipFamilyPolicy', notForNames)]),
        ...(spec.externalName
          ? invalidValues(
              'spec.externalName',
              spec.externalName,
              subdomainProblems(spec.externalName.replace(/\.$/, '')),
            )
          : [required('spec.externalName')]),
      ];
    case 'ClusterIP':
    case 'NodePort':
    case 'LoadBalancer': {
      const errors: FieldError[] = [];
      if (!spec.ports?.length && spec.clusterIP !== 'None') errors.push(required('spec.ports'));
      if (spec.clusterIP === 'None' && spec.type !== 'ClusterIP')
        errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
      return errors;
    }
    default:
      return [unsupported('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'])];
  }
};

const validatePort = (port: ServicePort, index: number, { spec }: Service): FieldError[] => {
  const path = `spec.ports[${index}]`;
  const errors: FieldError[] = [];
  const several = (spec.ports?.length ?? 0) > 1;
  if (!port.name && several) errors.push(required(`${path}.name`));
  if (port.name) errors.push(...invalidValues(`${path}.name`, port.name, labelProblems(port.name)));
  if (!isPort(port.port)) errors.push(invalidValue(`${path}.port`, port.port ?? 0, portProblem));
  errors.push(...oneOf(port.protocol ?? '', protocols, `${path}.protocol`));
  const target = port.targetPort;
  if (typeof target === 'number' && !isPort(target))
    errors.push(invalidValue(`${path}.targetPort`, target, portProblem));
  if (typeof target === 'string') errors.push(...invalidValues(`${path}.targetPort`, target, portNameProblems(target)));
  if (port.appProtocol !== undefined)
    errors.push(...invalidValues(`${path}.appProtocol`, port.appProtocol, qualifiedNameProblems(port.appProtocol)));
  if (port.nodePort && (spec.type === 'ClusterIP' || spec.type === 'ExternalName'))
    errors.push(forbiddenField(`${path}.nodePort`, `may not be used when \`type\` is '${spec.type}'`));
  return errors;
};

const validateDuplicates = (ports: readonly ServicePort[]): FieldError[] => {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (port.name && names.has(port.name)) errors.push(duplicate(`${path}.name`, port.name));
    if (port.name) names.add(port.name);
    const number = `${port.protocol}:${port.port}`;
    if (numbers.has(number)) errors.push(duplicate(path, goServicePort(port)));
    numbers.add(number);
    const nodePort = `${port.protocol}:${port.nodePort}`;
    if (port.nodePort && nodePorts.has(nodePort)) errors.push(duplicate(`${path}.nodePort`, port.nodePort));
    nodePorts.add(nodePort);
  }
  return errors;
};

/** As Go's `%#v` prints the key of a duplicate: only the protocol and the port are set. */
const goServicePort = ({ protocol, port }: ServicePort): GoLiteral =>
  new GoLiteral(
    `core.ServicePort{Name:"", Protocol:"${protocol}", AppProtocol:(*string)(nil), Port:${port}, ` +
      'TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
  );

const validateAffinity = ({ spec }: Service): FieldError[] => {
  const { sessionAffinity, sessionAffinityConfig } = spec;
  if (sessionAffinity !== 'None' && sessionAffinity !== 'ClientIP')
    return [unsupported('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity === 'None' || seconds === undefined || (seconds >= 1 && seconds <= longestAffinity)) return [];
  const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalidValue(path, seconds, `must be greater than 0 and less than ${longestAffinity}`)];
};

const onlyForBalancers = "may only be used when `type` is 'LoadBalancer'";

const validateBalancer = ({ metadata, spec }: Service): FieldError[] => {
  const isBalancer = spec.type === 'LoadBalancer';
  const errors: FieldError[] = [];
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[rangesAnnotation];
  // The capital letter is Kubernetes' own.
  const path = ranges.length > 0 ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${rangesAnnotation}]`;
  const annotated = annotation?.trim() ? annotation.split(',') : [];
  if (!isBalancer && (ranges.length > 0 || annotation !== undefined))
    errors.push(forbiddenField(path, onlyForBalancers));
  for (const [index, range] of ranges.entries()) errors.push(...validateNetwork(range.trim(), `${path}[${index}]`));
  if (ranges.length === 0) for (const range of annotated) errors.push(...validateNetwork(range.trim(), path));
  if (!isBalancer && spec.allocateLoadBalancerNodePorts !== undefined)
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', onlyForBalancers));
  if (spec.loadBalancerClass === undefined) return errors;
  if (!isBalancer) return [...errors, forbiddenField('spec.loadBalancerClass', onlyForBalancers)];
  const problems = qualifiedNameProblems(spec.loadBalancerClass);
  return [...errors, ...invalidValues('spec.loadBalancerClass', spec.loadBalancerClass, problems)];
};

const validatePolicies = ({ spec }: Service): FieldError[] => {
  const errors: FieldError[] = [];
  const policies = ['Cluster', 'Local'];
  const { internalTrafficPolicy: internal, externalTrafficPolicy: external, trafficDistribution: distribution } = spec;
  const exposed = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0;
  if (external !== undefined && !exposed)
    errors.push(
      invalidValue('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'),
    );
  else errors.push(...oneOf(external, policies, 'spec.externalTrafficPolicy'));
  errors.push(...validateHealthCheckPort(spec));
  errors.push(...oneOf(internal, policies, 'spec.internalTrafficPolicy'));
  errors.push(...oneOf(distribution, ['PreferClose', 'PreferSameNode', 'PreferSameZone'], 'spec.trafficDistribution'));
  return errors;
};

const validateHealthCheckPort = (spec: Service['spec']): FieldError[] => {
  const path = 'spec.healthCheckNodePort';
  const { healthCheckNodePort: port } = spec;
  if (!port) return [];
  if (needsHealthCheck(spec)) return isPort(port) ? [] : [invalidValue(path, port, portProblem)];
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalidValue(path, port, detail)];
};

/** Whether a load balancer asks each node if it has an endpoint. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: Service['spec']): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** The addresses never change, except by a change from or to ExternalName. */
export const validateServiceUpdate = (next: Service, current: Service): FieldError[] => [
  ...validateAddressesUpdate(next, current),
  ...(next.spec.type === 'LoadBalancer' &&
  current.spec.type === 'LoadBalancer' &&
  next.spec.loadBalancerClass !== current.spec.loadBalancerClass
    ? [invalidValue('spec.loadBalancerClass', next.spec.loadBalancerClass, 'may not change once set')]
    : []),
  ...(needsHealthCheck(next.spec) &&
  needsHealthCheck(current.spec) &&
  (next.spec.healthCheckNodePort ?? 0) !== (current.spec.healthCheckNodePort ?? 0)
    ? [forbiddenField('spec.healthCheckNodePort', immutableProblem)]
    : []),
];

/** The status that a load balancer's controller writes. */
export const validateServiceStatus = ({ spec, status }: Service): FieldError[] => {
  const path = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && spec.type !== 'LoadBalancer')
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap(({ ip, hostname, ipMode }, index) => [
    ...(ip ? validateIp(ip, `${path}[${index}].ip`) : []),
    ...(ipMode !== undefined && !ip
      ? [forbiddenField(`${path}[${index}].ipMode`, 'may not be specified when `ip` is not set')]
      : oneOf(ipMode, ['Proxy', 'VIP'], `${path}[${index}].ipMode`)),
    ...(hostname ? invalidValues(`${path}[${index}].hostname`, hostname, hostnameProblems(hostname)) : []),
  ]);
};

const hostnameProblems = (hostname: string): string[] => [
  ...subdomainProblems(hostname),
  ...(readIp(hostname) ? ['must be a DNS name, not an IP address'] : []),
];
