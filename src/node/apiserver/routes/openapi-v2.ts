// OpenAPI v2, made from the documents of v3, for old kubectl and other old clients.

type Json = Record<string, unknown>;

/** The parts of the v3 documents that v2 has, too. */
export interface V3Document {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

export interface V2Document {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Json>;
  readonly definitions: Record<string, Json>;
}

export const v2DocumentOf = (documents: readonly V3Document[], version: string): V2Document => ({
  swagger: '2.0',
  info: { title: 'Kubernetes', version },
  paths: Object.fromEntries(
    documents.flatMap(({ paths }) => Object.entries(paths)).map(([path, item]) => [path, pathItem(path, item as Json)]),
  ),
  definitions: Object.fromEntries(
    documents
      .flatMap(({ components }) => Object.entries(components.schemas))
      .map(([name, schema]) => [name, definition(name, schema as Json)]),
  ),
});

/** v2 knows no alternatives of types. */
const definition = (name: string, schema: Json): Json => {
  if (!schema.oneOf) return schemaOf(schema);
  const { description } = schema;
  return { description, type: 'string', ...(name.endsWith('.IntOrString') ? { format: 'int-or-string' } : {}) };
};

const refOf = (ref: string): string => ref.replace('#/components/schemas/', '#/definitions/');

const schemaOf = ({ allOf, default: _default, ...schema }: Json): Json => {
  const [only] = (allOf ?? []) as Json[];
  const { $ref = only?.$ref, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...($ref === undefined ? {} : { $ref: refOf(String($ref)) }),
    ...(items === undefined ? {} : { items: schemaOf(items as Json) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: schemaOf(additionalProperties as Json) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Json).map(([name, value]) => [name, schemaOf(value as Json)]),
          ),
        }),
  };
};

const pathItem = (path: string, item: Json): Json => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const parameters = names.map((name) => ({ name, in: 'path', required: true, type: 'string' }));
  const operations = Object.entries(item).map(([method, value]) => [method, operation(value as Json)]);
  return { ...Object.fromEntries(operations), ...(parameters.length > 0 ? { parameters } : {}) };
};

type Content = Readonly<Record<string, { readonly schema: Json }>>;

const operation = ({ parameters, requestBody, responses: _responses, ...rest }: Json): Json => {
  const content = (requestBody as { content?: Content } | undefined)?.content ?? {};
  const [body] = Object.values(content);
  const query = (parameters as { name: string }[]).map(({ name }) => ({ name, in: 'query', type: 'string' }));
  return {
    ...rest,
    produces: ['application/json'],
    ...(body ? { consumes: Object.keys(content) } : {}),
    parameters: [
      ...(body ? [{ name: 'body', in: 'body', required: true, schema: schemaOf(body.schema) }] : []),
      ...query,
    ],
    responses: { 200: { description: 'OK' } },
  };
};
