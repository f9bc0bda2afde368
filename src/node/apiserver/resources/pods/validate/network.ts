// Validates ports, DNS settings and host aliases of pods.
import type { Container, ContainerPort, PodSpec } from '../../../../../api/core-pods.ts';
import { validateIp } from '../../../validation/addresses.ts';
import { duplicate, type FieldError, invalidValue, required } from '../../../validation/field.ts';
import { portNameProblems, subdomainProblems } from '../../../validation/names.ts';
import { invalidValues, isPort, oneOf, portProblem, protocols } from '../../../validation/values.ts';

export const validatePorts = (ports: readonly ContainerPort[], path: string): FieldError[] => {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `${path}[${index}]`;
    const { name, containerPort, hostPort } = port;
    const errors: FieldError[] = [];
    if (name) {
      const problems = portNameProblems(name);
      errors.push(...invalidValues(`${at}.name`, name, problems));
      if (problems.length === 0 && names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else if (!isPort(containerPort)) errors.push(invalidValue(`${at}.containerPort`, containerPort, portProblem));
    if (hostPort && !isPort(hostPort)) errors.push(invalidValue(`${at}.hostPort`, hostPort, portProblem));
    return [...errors, ...oneOf(port.protocol, protocols, `${at}.protocol`)];
  });
};

/** Two containers cannot share a port of the node. */
export const validateHostPortConflicts = (containers: readonly Container[], path: string): FieldError[] => {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ protocol, hostIP = '', hostPort }, index) => {
      if (!hostPort) return [];
      const place = `${protocol}/${hostIP}/${hostPort}`;
      const conflict = taken.has(place);
      taken.add(place);
      return conflict ? [duplicate(`${path}[${container}].ports[${index}].hostPort`, place)] : [];
    }),
  );
};

export const validateHostNetworkPorts = (spec: PodSpec, path: string, isPod: boolean): FieldError[] => {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ containerPort, hostPort = 0 }, index) => {
      // A template leaves the port of the node to the pod's defaults.
      if (hostPort === containerPort || (hostPort === 0 && !isPod)) return [];
      const detail = 'must match `containerPort` when `hostNetwork` is true';
      return [invalidValue(`${path}.containers[${container}].ports[${index}].hostPort`, hostPort, detail)];
    }),
  );
};

const limits = { nameservers: 3, searches: 32, searchCharacters: 2048 };

export const validateDnsConfig = ({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldError[] => {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    if (nameservers.length === 0) return [required(`${path}.nameservers`, detail)];
  }
  const tooMany = (field: string, values: readonly string[], detail: string): FieldError =>
    invalidValue(`${path}.${field}`, values, `must not have more than ${detail}`);
  return [
    ...(nameservers.length > limits.nameservers
      ? [tooMany('nameservers', nameservers, `${limits.nameservers} nameservers`)]
      : []),
    ...nameservers.flatMap((server, index) => validateIp(server, `${path}.nameservers[${index}]`)),
    ...(searches.length > limits.searches ? [tooMany('searches', searches, `${limits.searches} search paths`)] : []),
    ...(searches.join(' ').length > limits.searchCharacters
      ? [tooMany('searches', searches, `${limits.searchCharacters} characters (including spaces) in the search list`)]
      : []),
    ...searches.flatMap((search, index) => {
      const name = search.replace(/\.$/, '');
      return invalidValues(`${path}.searches[${index}]`, name, subdomainProblems(name));
    }),
    ...options.flatMap(({ name }, index) => (name ? [] : [required(`${path}.options[${index}]`, 'must not be empty')])),
  ];
};

export const validateHostAliases = ({ hostAliases = [] }: PodSpec, path: string): FieldError[] =>
  hostAliases.flatMap(({ ip = '', hostnames = [] }, index) => [
    ...validateIp(ip, `${path}[${index}].ip`),
    ...hostnames.flatMap((name, position) =>
      invalidValues(`${path}[${index}].hostnames[${position}]`, name, subdomainProblems(name)),
    ),
  ]);
