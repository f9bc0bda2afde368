// Validates pods and pod templates, in the words of Kubernetes' ValidatePodSpec.
import type { Container, PodSpec, Probe, ProbeHandler, Volume } from '../../../../api/core.ts';
import { parseQuantity } from '../../../../api/quantity.ts';
import { duplicate, type FieldError, forbiddenField, invalidValue, missing, required } from '../../validation/field.ts';
import { labelProblems, portNameProblems, validateLabels } from '../../validation/names.ts';
import { atLeast, invalidValues, isPort, oneOf, portProblem, protocols } from '../../validation/values.ts';
import { validateRestartPolicies } from './sidecars.ts';

export const validatePodSpec = (spec: PodSpec | undefined, path: string): FieldError[] => {
  if (!spec) return [required(`${path}.containers`)];
  return [
    ...validateVolumes(spec.volumes ?? [], `${path}.volumes`),
    ...(spec.containers?.length ? [] : [required(`${path}.containers`)]),
    ...validateContainers(spec, path),
    ...validateRestartPolicies(spec, path),
    ...oneOf(spec.restartPolicy, ['Always', 'Never', 'OnFailure'], `${path}.restartPolicy`),
    ...oneOf(spec.dnsPolicy, ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'], `${path}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector ?? {}, `${path}.nodeSelector`),
    ...validateTolerations(spec, path),
    ...(spec.hostname ? invalidValues(`${path}.hostname`, spec.hostname, labelProblems(spec.hostname)) : []),
    ...(spec.subdomain ? invalidValues(`${path}.subdomain`, spec.subdomain, labelProblems(spec.subdomain)) : []),
    ...atLeast(spec.terminationGracePeriodSeconds, 0, `${path}.terminationGracePeriodSeconds`),
  ];
};

const validateVolumes = (volumes: readonly Volume[], path: string): FieldError[] => {
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (!volume.name) errors.push(required(`${at}.name`));
    else if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    else errors.push(...invalidValues(`${at}.name`, volume.name, labelProblems(volume.name)));
    names.add(volume.name);
    const [, extra] = Object.keys(volume).filter((key) => key !== 'name');
    if (extra) errors.push(forbiddenField(`${at}.${extra}`, 'may not specify more than 1 volume type'));
    if (volume.configMap && !volume.configMap.name) errors.push(required(`${at}.configMap.name`));
    if (volume.secret && !volume.secret.secretName) errors.push(required(`${at}.secret.secretName`));
    return errors;
  });
};

const validateContainers = (spec: PodSpec, path: string): FieldError[] => {
  const names = new Set<string>();
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const check = (list: readonly Container[] = [], field: string): FieldError[] =>
    list.flatMap((container, index) => validateContainer(container, `${path}.${field}[${index}]`, { names, volumes }));
  return [...check(spec.containers, 'containers'), ...check(spec.initContainers, 'initContainers')];
};

interface Seen {
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
}

const validateContainer = (container: Container, path: string, { names, volumes }: Seen): FieldError[] => {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(`${path}.name`));
  else {
    errors.push(...invalidValues(`${path}.name`, container.name, labelProblems(container.name)));
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name));
    names.add(container.name);
  }
  if (!container.image) errors.push(required(`${path}.image`));
  else if (container.image !== container.image.trim())
    errors.push(invalidValue(`${path}.image`, container.image, 'must not have leading or trailing whitespace'));
  errors.push(
    ...oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
    ...validatePorts(container, path),
    ...validateEnv(container, path),
    ...validateMounts(container, path, volumes),
    ...validateResources(container, path),
    ...validateProbe(container.livenessProbe, `${path}.livenessProbe`, true),
    ...validateProbe(container.readinessProbe, `${path}.readinessProbe`),
    ...validateProbe(container.startupProbe, `${path}.startupProbe`, true),
  );
  return errors;
};

const validatePorts = ({ ports = [] }: Container, path: string): FieldError[] => {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `${path}.ports[${index}]`;
    const errors: FieldError[] = [];
    if (port.name) {
      errors.push(...invalidValues(`${at}.name`, port.name, portNameProblems(port.name)));
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else if (!isPort(port.containerPort))
      errors.push(invalidValue(`${at}.containerPort`, port.containerPort, portProblem));
    if (port.hostPort && !isPort(port.hostPort))
      errors.push(invalidValue(`${at}.hostPort`, port.hostPort, portProblem));
    errors.push(...oneOf(port.protocol, protocols, `${at}.protocol`));
    return errors;
  });
};

const validateEnv = ({ env = [] }: Container, path: string): FieldError[] =>
  env.flatMap((variable, index) => {
    const at = `${path}.env[${index}]`;
    if (!variable.name) return [required(`${at}.name`)];
    if (/[=\s]/.test(variable.name) && variable.name.includes('='))
      return [
        invalidValue(
          `${at}.name`,
          variable.name,
          "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
      ];
    if (variable.value && variable.valueFrom)
      return [invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')];
    return [];
  });

const validateMounts = ({ volumeMounts = [] }: Container, path: string, volumes: ReadonlySet<string>): FieldError[] => {
  const paths = new Set<string>();
  return volumeMounts.flatMap((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    const errors: FieldError[] = [];
    if (!mount.name) errors.push(required(`${at}.name`));
    else if (!volumes.has(mount.name)) errors.push(missing(`${at}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    else if (paths.has(mount.mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    return errors;
  });
};

const validateResources = ({ resources = {} }: Container, path: string): FieldError[] => {
  const { requests = {}, limits = {} } = resources;
  return Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name];
    const tooMuch = limit !== undefined && (parseQuantity(amount) ?? 0) > (parseQuantity(limit) ?? 0);
    if (tooMuch)
      return [
        invalidValue(`${path}.resources.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`),
      ];
    return (parseQuantity(amount) ?? 0) < 0
      ? [invalidValue(`${path}.resources.requests[${name}]`, amount, 'must be greater than or equal to 0')]
      : [];
  });
};

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

const validateProbe = (probe: Probe | undefined, path: string, onlyOneSuccess = false): FieldError[] => {
  if (!probe) return [];
  const given = handlers.filter((handler) => (probe as Record<string, unknown>)[handler] !== undefined);
  const errors: FieldError[] = [];
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  if (given[1]) errors.push(forbiddenField(`${path}.${given[1]}`, 'may not specify more than 1 handler type'));
  errors.push(...validateProbePort(probe, path));
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const)
    errors.push(...atLeast(probe[field], 0, `${path}.${field}`));
  if (onlyOneSuccess && probe.successThreshold !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  return errors;
};

const validateProbePort = (probe: ProbeHandler, path: string): FieldError[] => {
  const [field, port] = probe.httpGet
    ? [`${path}.httpGet.port`, probe.httpGet.port]
    : [`${path}.tcpSocket.port`, probe.tcpSocket?.port];
  if (port === undefined) return probe.httpGet || probe.tcpSocket ? [required(field)] : [];
  if (typeof port === 'number') return isPort(port) ? [] : [invalidValue(field, port, portProblem)];
  return invalidValues(field, port, portNameProblems(port));
};

const validateTolerations = ({ tolerations = [] }: PodSpec, path: string): FieldError[] =>
  tolerations.flatMap((toleration, index) => {
    const at = `${path}.tolerations[${index}]`;
    const errors: FieldError[] = [];
    if (!toleration.key && toleration.operator !== 'Exists')
      errors.push(
        invalidValue(
          `${at}.operator`,
          toleration.operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    errors.push(
      ...oneOf(toleration.operator, ['Equal', 'Exists'], `${at}.operator`),
      ...oneOf(toleration.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], `${at}.effect`),
    );
    return errors;
  });
