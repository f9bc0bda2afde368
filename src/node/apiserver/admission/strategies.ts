// Every resource's strategy: the ones with little of their own stand here.

import { isDeepStrictEqual } from 'node:util';
import type { ConfigMap, Endpoints, KubeEvent, Namespace, Node, Secret } from '../../../api/core.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { type FieldError, forbiddenField, invalidValue, required, unsupported } from './field.ts';
import { podStrategy } from './pod.ts';
import { serviceStrategy } from './service.ts';
import { isIpv4 } from './service-validate.ts';
import type { Strategy } from './strategy.ts';
import { deploymentStrategy, replicaSetStrategy } from './workload.ts';

const namespaceStrategy: Strategy<Namespace> = {
  setDefaults: (namespace) => {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    };
  },
  prepareCreate: (namespace) => {
    namespace.spec = { finalizers: ['kubernetes'] };
    namespace.status = { phase: 'Active' };
  },
  prepareUpdate: (next, current) => {
    if (current.spec) next.spec = current.spec;
  },
  hasStatus: true,
};

/** A kubelet registers its node together with the status, so creation keeps it. */
const nodeStrategy: Strategy<Node> = {
  setDefaults: (node) => {
    node.spec ??= {};
    node.status ??= {};
  },
  validateUpdate: (next, current) =>
    current.spec?.podCIDR && next.spec?.podCIDR !== current.spec.podCIDR
      ? [forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')]
      : [],
  hasStatus: true,
};

const dataKeyProblem =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " +
  "regex used for validation is '[-._a-zA-Z0-9]+')";

const validateKeys = (keys: readonly string[], field: string): FieldError[] =>
  keys
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => invalidValue(`${field}[${key}]`, key, dataKeyProblem));

const immutableProblem = 'field is immutable when `immutable` is set';
const keptWhenImmutable = <T extends ConfigMap | Secret>(next: T, current: T): FieldError[] => {
  if (current.immutable !== true) return [];
  const errors = next.immutable === true ? [] : [forbiddenField('immutable', immutableProblem)];
  return isDeepStrictEqual(next.data, current.data) ? errors : [...errors, forbiddenField('data', immutableProblem)];
};

const configMapStrategy: Strategy<ConfigMap> = {
  validate: ({ data, binaryData }) => [
    ...validateKeys(Object.keys(data ?? {}), 'data'),
    ...validateKeys(Object.keys(binaryData ?? {}), 'binaryData'),
  ],
  validateUpdate: keptWhenImmutable,
};

const secretStrategy: Strategy<Secret> = {
  setDefaults: (secret) => {
    secret.type ??= 'Opaque';
    if (!secret.stringData) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  validate: ({ data }) => validateKeys(Object.keys(data ?? {}), 'data'),
  validateUpdate: (next, current) => [
    ...(next.type === current.type ? [] : [invalidValue('type', next.type, 'field is immutable')]),
    ...keptWhenImmutable(next, current),
  ],
};

const endpointsStrategy: Strategy<Endpoints> = {
  setDefaults: ({ subsets = [] }) => {
    for (const port of subsets.flatMap(({ ports = [] }) => ports)) port.protocol ??= 'TCP';
  },
  validate: ({ subsets = [] }) =>
    subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
      [...addresses, ...notReadyAddresses].flatMap(({ ip }, at) => {
        const field = `subsets[${index}].addresses[${at}].ip`;
        if (!isIpv4(ip ?? ''))
          return [invalidValue(field, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
        return ip.startsWith('127.')
          ? [invalidValue(field, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')]
          : [];
      }),
    ),
};

const endpointSliceStrategy: Strategy<EndpointSlice> = {
  setDefaults: (slice) => {
    slice.endpoints ??= [];
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: ({ addressType, endpoints }) => [
    ...(addressType ? [] : [required('addressType')]),
    ...(addressType && !['IPv4', 'IPv6', 'FQDN'].includes(addressType)
      ? [unsupported('addressType', addressType, ['FQDN', 'IPv4', 'IPv6'])]
      : []),
    ...endpoints.flatMap(({ addresses }, index) =>
      addresses?.length ? [] : [required(`endpoints[${index}].addresses`, 'must contain at least 1 item')],
    ),
  ],
  validateUpdate: (next, current) =>
    next.addressType === current.addressType
      ? []
      : [invalidValue('addressType', next.addressType, 'field is immutable')],
  hasGeneration: true,
};

const eventStrategy: Strategy<KubeEvent> = {
  setDefaults: (event) => {
    event.involvedObject ??= {};
  },
  validate: ({ involvedObject, metadata }) =>
    involvedObject?.namespace && involvedObject.namespace !== metadata.namespace
      ? [invalidValue('involvedObject.namespace', involvedObject.namespace, 'does not match event.namespace')]
      : [],
};

const strategies: Readonly<Record<string, Strategy<never>>> = {
  namespaces: namespaceStrategy,
  nodes: nodeStrategy,
  pods: podStrategy,
  services: serviceStrategy,
  endpoints: endpointsStrategy,
  configmaps: configMapStrategy,
  secrets: secretStrategy,
  events: eventStrategy,
  deployments: deploymentStrategy,
  replicasets: replicaSetStrategy,
  endpointslices: endpointSliceStrategy,
};

/** Resources that have no hooks of their own get an empty strategy. */
export const strategyOf = (resource: Resource): Strategy => (strategies[resource.plural] ?? {}) as Strategy<KubeObject>;
