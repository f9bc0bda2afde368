// The list of all definitions. Discovery, OpenAPI, selectors, tables and writes read it.
import type { Resource } from '../../../api/resources.ts';
import { qualified } from '../status.ts';
import { configMapDefinition } from './configmaps.ts';
import { controllerRevisionDefinition } from './controllerrevisions.ts';
import { daemonSetDefinition } from './daemonsets.ts';
import type { Definition } from './definition.ts';
import { deploymentDefinition } from './deployments.ts';
import { endpointsDefinition } from './endpoints.ts';
import { endpointSliceDefinition } from './endpointslices.ts';
import { eventDefinition } from './events.ts';
import { ipAddressDefinition } from './ipaddresses.ts';
import { leaseDefinition } from './leases.ts';
import { namespaceDefinition } from './namespaces.ts';
import { networkPolicyDefinition } from './networkpolicies.ts';
import { nodeDefinition } from './nodes.ts';
import { podDefinition } from './pods/pods.ts';
import { replicaSetDefinition } from './replicasets.ts';
import { secretDefinition } from './secrets.ts';
import { serviceAccountDefinition } from './serviceaccounts.ts';
import { serviceCidrDefinition } from './servicecidrs.ts';
import { serviceDefinition } from './services/services.ts';
import { signingRequestDefinition } from './signingrequests.ts';

export const allDefinitions: readonly Definition[] = [
  namespaceDefinition,
  nodeDefinition,
  podDefinition,
  serviceDefinition,
  endpointsDefinition,
  configMapDefinition,
  secretDefinition,
  serviceAccountDefinition,
  eventDefinition,
  deploymentDefinition,
  replicaSetDefinition,
  daemonSetDefinition,
  controllerRevisionDefinition,
  endpointSliceDefinition,
  serviceCidrDefinition,
  ipAddressDefinition,
  networkPolicyDefinition,
  leaseDefinition,
  signingRequestDefinition,
];

const definitions = new Map(allDefinitions.map((definition) => [qualified(definition.resource), definition]));

/** @throws Error on a resource that has no definition */
export const definitionOf = (resource: Resource): Definition => {
  const definition = definitions.get(qualified(resource));
  if (!definition) throw new Error(`${resource.plural} has no definition: add one to apiserver/resources/all.ts`);
  return definition;
};
