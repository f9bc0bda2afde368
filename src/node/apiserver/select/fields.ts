// Field selectors: `spec.nodeName=node01,status.phase!=Succeeded`, on the fields that a resource's definition allows.
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { definitionOf } from '../resources/all.ts';
import { badRequest } from '../status.ts';

export type FieldPredicate = (object: KubeObject) => boolean;

/** Boolean fields. An absent boolean field reads as `false`, any other absent field as an empty text. */
const booleans = new Set(['spec.unschedulable', 'spec.hostNetwork']);

/** @throws StatusError 400 on a selector that can't be parsed or a field that can't be selected by */
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

const checkField = (resource: Resource, field: string): void => {
  const known =
    field === 'metadata.name' ||
    (field === 'metadata.namespace' && resource.namespaced) ||
    definitionOf(resource).fieldSelectors?.includes(field);
  if (!known) throw badRequest(`field label not supported: ${field}`);
};

const readField = (object: KubeObject, field: string): string => {
  const path = field === 'source' ? 'source.component' : field;
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value === undefined || value === null ? (booleans.has(field) ? 'false' : '') : String(value);
};
