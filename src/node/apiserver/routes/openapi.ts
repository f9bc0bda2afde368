// OpenAPI v3 and v2, made from the schema, for `kubectl explain`. They also tell kubectl that the server validates
// fields.
import { createHash } from 'node:crypto';
import fields from '../../../api/field-types.json' with { type: 'json' };
import { type FieldType, parseField, shapeOf, typeOf } from '../../../api/field-types.ts';
import { allResources, apiPathOf, type Resource } from '../../../api/resources.ts';
import { kubernetesVersion } from '../../../api/version.ts';
import { type Answer, type Exchange, ok } from '../exchange/exchange.ts';
import { allDefinitions } from '../resources/all.ts';
import type { Explanations } from '../resources/definition.ts';
import { servedVersions } from '../resources/versions.ts';
import { collectionPaths } from './openapi-paths.ts';
import { v2DocumentOf } from './openapi-v2.ts';
import { encodeV2 } from './openapi-v2-protobuf.ts';

/** `/api/v1`, `/apis/apps/v1`, …: there is one document for each. */
const served: readonly Resource[] = [...allResources, ...servedVersions.map(({ resource }) => resource)];
const groupPaths = [...new Set(served.map(apiPathOf))];

const explanations: Explanations = Object.assign({}, ...allDefinitions.map((definition) => definition.explanations));

const v2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** Made anew for each request, because only old clients ask for it. */
const v2 = ({ request }: Pick<Exchange, 'request'>): Answer => {
  const document = v2DocumentOf(groupPaths.map(documentOf), kubernetesVersion);
  const wantsProtobuf = (request.headers.accept ?? '').includes('proto-openapi.spec.v2');
  return wantsProtobuf ? { code: 200, headers: { 'content-type': v2Type }, body: encodeV2(document) } : ok(document);
};

/** @returns undefined for any other path */
export const openapi = ({ url, request }: Pick<Exchange, 'url' | 'request'>): Answer | undefined => {
  if (url.pathname === '/openapi/v3') {
    // Clients keep a document until its hash changes.
    const paths = groupPaths.map((path) => [
      path.slice(1),
      { serverRelativeURL: `/openapi/v3${path}?hash=${schemaHash()}` },
    ]);
    return ok({ paths: Object.fromEntries(paths) });
  }
  if (url.pathname === '/openapi/v2') return v2({ request });
  const groupPath = groupPaths.find((path) => url.pathname === `/openapi/v3${path}`);
  return groupPath === undefined ? undefined : ok(documentOf(groupPath));
};

let hash: string | undefined;

const schemaHash = (): string => {
  hash ??= createHash('sha256')
    .update(JSON.stringify([fields, explanations]))
    .digest('hex')
    .slice(0, 32)
    .toUpperCase();
  return hash;
};

const documentOf = (groupPath: string) => {
  const resources = served.filter((resource) => apiPathOf(resource) === groupPath);
  const schemas: Record<string, unknown> = {
    [quantityName]: {
      oneOf: [{ type: 'string' }, { type: 'number' }],
      description: 'A fixed-point number with a suffix: 250m, 64Mi.',
    },
    [intOrStringName]: {
      oneOf: [{ type: 'integer' }, { type: 'string' }],
      format: 'int-or-string',
      description: 'A number or a name, such as a port and its name.',
    },
  };
  const add = (token: string): void => {
    const name = openapiName(token);
    if (schemas[name] !== undefined) return;
    const shape = shapeOf(token);
    if (shape.is !== 'struct') return;
    schemas[name] = {};
    schemas[name] = structSchema(shape, add);
  };
  for (const resource of resources) {
    const token = typeOf(resource);
    add(token);
    const kind = { group: resource.group, kind: resource.kind, version: resource.version };
    Object.assign(schemas[openapiName(token)] as object, { 'x-kubernetes-group-version-kind': [kind] });
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: Object.assign(
      {},
      ...resources.map((resource: Resource) => collectionPaths(resource, openapiName(typeOf(resource)))),
    ),
    components: { schemas },
  };
};

/** `io.k8s.api.core.v1.Service`, `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` */
const openapiName = (token: string): string =>
  token.startsWith('meta.') ? `io.k8s.apimachinery.pkg.apis.${token}` : `io.k8s.api.${token}`;

const structSchema = (
  shape: { readonly name: string; readonly fields: Readonly<Record<string, string>> },
  add: (token: string) => void,
) => {
  const own = explanations[shape.name] ?? {};
  const required: string[] = [];
  const fields = Object.entries(shape.fields).filter(([name]) => !name.startsWith('~'));
  const properties = fields.map(([name, text]) => {
    const field = parseField(text);
    if (field.required) required.push(name);
    const merge = field.merge
      ? {
          'x-kubernetes-patch-strategy': field.merge.strategies.join(','),
          ...(field.merge.key === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.merge.key }),
        }
      : {};
    const schema = described(schemaOf(field.token, add), own[name]);
    return [name, { ...schema, ...merge, ...relationSchema(field) }];
  });
  return {
    type: 'object',
    description: own[''] ?? '',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
};

/** How server-side apply treats the field. */
const relationSchema = ({ token, relation }: FieldType) => {
  if (relation === undefined) return {};
  if (relation.is === 'map')
    return {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': relation.keys.map(({ name }) => name),
    };
  const is = shapeOf(token).is;
  return { [`x-kubernetes-${is === 'list' ? 'list' : 'map'}-type`]: relation.is };
};

/** A reference may not have siblings in OpenAPI 3.0, so it is wrapped in `allOf`, as Kubernetes does. */
const described = (schema: Record<string, unknown>, description = '') =>
  '$ref' in schema ? { description, default: {}, allOf: [schema] } : { description, ...schema };

const schemaOf = (token: string, add: (token: string) => void): Record<string, unknown> => {
  const shape = shapeOf(token);
  switch (shape.is) {
    case 'list':
      return { type: 'array', items: itemSchema(shape.item, add) };
    case 'map':
      return { type: 'object', additionalProperties: itemSchema(shape.item, add) };
    case 'struct':
      add(token);
      return { $ref: `#/components/schemas/${openapiName(token)}` };
    case 'scalar':
      return scalarSchema(shape.type);
  }
};

const itemSchema = (token: string, add: (token: string) => void) => {
  const schema = schemaOf(token, add);
  return '$ref' in schema ? { default: {}, allOf: [schema] } : schema;
};

const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrStringName = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';

const scalarSchema = (type: string): Record<string, unknown> => {
  switch (type) {
    case 'bool':
      return { type: 'boolean' };
    case 'int':
    case 'int32':
    case 'int64':
    case 'uint8':
      return { type: 'integer', format: type === 'int64' ? 'int64' : 'int32' };
    case 'float64':
      return { type: 'number', format: 'double' };
    case 'Time':
    case 'MicroTime':
      return { type: 'string', format: 'date-time' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'IntOrString':
      return { $ref: `#/components/schemas/${intOrStringName}` };
    case 'Quantity':
      return { $ref: `#/components/schemas/${quantityName}` };
    case 'any':
      return { type: 'object' };
    default:
      return { type: 'string' };
  }
};
