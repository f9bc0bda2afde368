// From a request's body to an object of the right kind, with the field validation that the client asks for.
import type { IncomingMessage } from 'node:http';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { isRecord } from '../patch/merge.ts';
import { DecodeError, decodeObject } from '../schema/decode.ts';
import { decodeProtobuf, ProtobufError, protobufType } from '../schema/protobuf.ts';
import { typeOf } from '../schema/schema.ts';
import { badRequest, unsupportedMediaType } from '../status.ts';
import { type ResourceExchange, readBody } from './request.ts';

const accepted = ['application/json', 'application/yaml', protobufType];

/** The body as JSON; also from YAML and protobuf, when it says that it is one. @throws StatusError 400, 415 */
export const readDocument = async (request: IncomingMessage, types = accepted): Promise<unknown> => {
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
  const body = await readBody(request);
  if (body.length === 0) return undefined;
  if (!types.includes(type)) throw unsupportedMediaType(types);
  if (type === protobufType) return parseProtobuf(body);
  if (type.endsWith('yaml')) return parseYaml(body.toString('utf8'));
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(cause as Error).message}`);
  }
};

const parseProtobuf = (body: Buffer): unknown => {
  try {
    return decodeProtobuf(body);
  } catch (cause) {
    if (cause instanceof ProtobufError) throw badRequest(cause.message);
    throw cause;
  }
};

const parseYaml = async (text: string): Promise<unknown> => {
  const { parse } = await import('yaml');
  try {
    return parse(text);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${(cause as Error).message}`);
  }
};

export const readObject = async (exchange: ResourceExchange): Promise<KubeObject> => {
  const document = await readDocument(exchange.request);
  if (!isRecord(document)) throw badRequest("Object 'Kind' is missing in the body");
  return toObject(exchange, exchange.resource, document);
};

/** Checks the kind, drops unknown fields or refuses them, and puts the URL's name and namespace in. */
export const toObject = (
  { url, response, info }: Pick<ResourceExchange, 'url' | 'response' | 'info'>,
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  document: Record<string, unknown>,
): KubeObject => {
  checkKind(resource, document);
  const { object, unknown } = decodeOrRefuse(resource, document);
  const complaints = unknown.map((path) => `unknown field "${path}"`);
  const mode = url.searchParams.get('fieldValidation') || 'Warn';
  if (complaints.length > 0 && mode === 'Strict')
    throw badRequest(`${cannotBeHandled(resource)}: strict decoding error: ${complaints.join(', ')}`);
  if (complaints.length > 0 && mode === 'Warn')
    response.setHeader(
      'warning',
      complaints.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  return placed(object as unknown as KubeObject, info.name, info.namespace);
};

const cannotBeHandled = ({ version, kind }: Pick<Resource, 'version' | 'kind'>): string =>
  `${kind} in version "${version}" cannot be handled as a ${kind}`;

const checkKind = (resource: Pick<Resource, 'group' | 'version' | 'kind'>, document: Record<string, unknown>): void => {
  const wanted = apiVersionOf(resource);
  const { apiVersion = wanted, kind = resource.kind } = document;
  if (kind !== resource.kind || apiVersion !== wanted)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted}), or the kind ` +
        `"${kind}" is not "${resource.kind}"`,
    );
};

const decodeOrRefuse = (resource: Pick<Resource, 'group' | 'version' | 'kind'>, document: Record<string, unknown>) => {
  try {
    return decodeObject(typeOf(resource), document);
  } catch (cause) {
    if (cause instanceof DecodeError) throw badRequest(`${cannotBeHandled(resource)}: ${cause.message}`);
    throw cause;
  }
};

const placed = (object: KubeObject, name: string | undefined, namespace: string | undefined): KubeObject => {
  const metadata = { ...(object.metadata ?? {}) };
  if (name !== undefined) {
    if (metadata.name && metadata.name !== name)
      throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
    metadata.name = name;
  }
  if (namespace !== undefined && object.kind !== 'Namespace') {
    if (metadata.namespace && metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    metadata.namespace = namespace;
  }
  return { ...object, metadata };
};
