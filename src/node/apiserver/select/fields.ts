// Field selectors: `spec.nodeName=node01,status.phase!=Succeeded`, on the fields that Kubernetes allows per resource.
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { badRequest } from '../status.ts';

export type FieldPredicate = (object: KubeObject) => boolean;

const event = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  services: ['spec.clusterIP', 'spec.type'],
  secrets: ['type'],
  replicasets: ['status.replicas'],
  events: [
    ...event.map((field) => `involvedObject.${field}`),
    'reason',
    'reportingComponent',
    'source',
    'source.component',
    'type',
  ],
};
/** What an absent boolean reads as. */
const falsy = new Set(['spec.unschedulable', 'spec.hostNetwork']);

/** @throws StatusError 400 on a field that can't be selected by, or on what can't be parsed */
export const parseFieldSelector = (resource: Resource, text: string): FieldPredicate => {
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
      if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      checkField(resource, field);
      return (object: KubeObject): boolean => (readField(object, field) === value) === (operator !== '!=');
    });
  return (object) => terms.every((term) => term(object));
};

/** The name that a selector asks for, which is how kubectl watches one object. */
const checkField = (resource: Resource, field: string): void => {
  const known =
    field === 'metadata.name' ||
    (field === 'metadata.namespace' && resource.namespaced) ||
    selectable[resource.plural]?.includes(field);
  if (!known) throw badRequest(`field label not supported: ${field}`);
};

const readField = (object: KubeObject, field: string): string => {
  const path = field === 'source' ? 'source.component' : field;
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value === undefined || value === null ? (falsy.has(field) ? 'false' : '') : String(value);
};
