// Validates services, in the words of Kubernetes' ValidateService.
import type { Service, ServicePort } from '../../../../api/core.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  GoLiteral,
  invalidValue,
  required,
  unsupported,
} from '../../validation/field.ts';
import { labelProblems, portNameProblems, subdomainProblems, validateLabels } from '../../validation/names.ts';
import {
  invalidValues,
  ipProblem,
  isIpv4,
  isPort,
  loopbackProblem,
  oneOf,
  portProblem,
  protocols,
} from '../../validation/values.ts';

export const validateService = (service: Service): FieldError[] => {
  const { spec } = service;
  return [
    ...validateType(service),
    ...(spec.ports ?? []).flatMap((port, index) => validatePort(port, index, service)),
    ...validateDuplicates(spec.ports ?? []),
    ...validateLabels(spec.selector ?? {}, 'spec.selector'),
    ...validateAffinity(service),
    ...validateAddresses(service),
    ...validatePolicies(service),
  ];
};

const validateType = ({ spec }: Service): FieldError[] => {
  switch (spec.type) {
    case 'ExternalName':
      return [
        ...(spec.clusterIP ? [forbiddenField('spec.clusterIPs', "may not be set when `type` is 'ExternalName'")] : []),
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
  if (spec.sessionAffinity !== 'None' && spec.sessionAffinity !== 'ClientIP')
    return [unsupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])];
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === 'None' || seconds === undefined || (seconds >= 1 && seconds <= 86_400)) return [];
  const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalidValue(path, seconds, 'must be greater than 0 and less than 86400')];
};

const validateAddresses = ({ spec }: Service): FieldError[] => {
  const errors: FieldError[] = [];
  if (spec.clusterIP && spec.clusterIP !== 'None' && !isIpv4(spec.clusterIP))
    errors.push(invalidValue('spec.clusterIPs[0]', spec.clusterIP, ipProblem));
  if (spec.clusterIP && spec.clusterIPs?.length && spec.clusterIPs[0] !== spec.clusterIP)
    errors.push(invalidValue('spec.clusterIPs', spec.clusterIPs, 'first value must match `clusterIP`'));
  if ((spec.clusterIPs?.length ?? 0) > 1 || spec.ipFamilyPolicy === 'RequireDualStack')
    errors.push(
      invalidValue(
        'spec.ipFamilyPolicy',
        spec.ipFamilyPolicy,
        'this cluster is not configured for dual-stack services',
      ),
    );
  if (spec.ipFamilies?.some((family) => family !== 'IPv4'))
    errors.push(invalidValue('spec.ipFamilies[0]', spec.ipFamilies[0], 'not configured on this cluster'));
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const path = `spec.externalIPs[${index}]`;
    if (!isIpv4(address)) errors.push(invalidValue(path, address, ipProblem));
    else if (address === '0.0.0.0') errors.push(invalidValue(path, address, 'may not be unspecified (0.0.0.0 or ::)'));
    else if (address.startsWith('127.')) errors.push(invalidValue(path, address, loopbackProblem));
  }
  return errors;
};

const validatePolicies = ({ spec }: Service): FieldError[] => {
  const errors: FieldError[] = [];
  const policies = ['Cluster', 'Local'];
  const { internalTrafficPolicy: internal, externalTrafficPolicy: external } = spec;
  if (internal !== undefined && !policies.includes(internal))
    errors.push(unsupported('spec.internalTrafficPolicy', internal, policies));
  if (external === undefined) return errors;
  const exposed = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0;
  if (!exposed)
    errors.push(
      invalidValue('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'),
    );
  else if (!policies.includes(external)) errors.push(unsupported('spec.externalTrafficPolicy', external, policies));
  return errors;
};

/** The address never changes, except by a change from or to ExternalName. */
export const validateServiceUpdate = (next: Service, current: Service): FieldError[] => {
  const before = current.spec.clusterIP;
  const after = next.spec.clusterIP;
  if (!before || current.spec.type === 'ExternalName' || next.spec.type === 'ExternalName') return [];
  if (!after) return [invalidValue('spec.clusterIPs[0]', [], 'primary clusterIP can not be unset')];
  if (after !== before)
    return [invalidValue('spec.clusterIPs[0]', next.spec.clusterIPs ?? [after], 'may not change once set')];
  return [];
};
