// The paths of a resource in the OpenAPI document: its verbs and their parameters.
import { apiPathOf, type Resource } from '../../../api/resources.ts';
import { patchTypes } from './patch.ts';

const query = (name: string) => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(query);
const listParameters = ['labelSelector', 'fieldSelector', 'limit', 'continue', 'watch', 'resourceVersion'].map(query);

export const collectionPaths = (resource: Resource, schema: string): Record<string, unknown> => {
  const { group, version, kind, plural, namespaced } = resource;
  const root = `${apiPathOf(resource)}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  const content = (...types: string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: { $ref: `#/components/schemas/${schema}` } }]));
  const responses = { 200: { description: 'OK', content: content('application/json') } };
  const operation = (action: string, parameters: object[], ...bodies: string[]) => ({
    description: `${action} ${kind}`,
    operationId: `${action}${kind}`,
    parameters,
    ...(bodies.length > 0 ? { requestBody: { content: content(...bodies) } } : {}),
    responses,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  });
  return {
    [root]: {
      get: operation('list', listParameters),
      post: operation('post', writeParameters, 'application/json'),
      delete: operation('deletecollection', listParameters),
    },
    [`${root}/{name}`]: {
      get: operation('get', []),
      put: operation('put', writeParameters, 'application/json'),
      patch: operation('patch', [...writeParameters, query('force')], ...patchTypes),
      delete: operation('delete', writeParameters),
    },
  };
};
