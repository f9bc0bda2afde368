// From a request's body to an object of the right kind, with the field validation that the client asks for.

import { typeOf } from '../../../api/field-types.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import type { ResourceExchange } from '../exchange/exchange.ts';
import { warn } from '../exchange/warning.ts';
import { DecodeError, decodeObject } from '../schema/decode.ts';
import { type Fields, isRecord } from '../schema/record.ts';
import { badRequest } from '../status.ts';
import { readDocument } from './body.ts';

/** The type that a body must have. */
type Kind = Pick<Resource, 'group' | 'version' | 'kind'>;

/** @throws StatusError 400, 413, 415 */
export const readObject = async (exchange: ResourceExchange): Promise<KubeObject> => {
  const document = await readDocument(exchange.request);
  if (!isRecord(document)) throw badRequest("Object 'Kind' is missing in the body");
  return toObject(exchange, exchange.resource, document);
};

/**
 * Checks the kind, drops or refuses unknown fields, and sets the name and namespace of the URL.
 * @throws StatusError 400
 */
export const toObject = (
  { url, response, info }: Pick<ResourceExchange, 'url' | 'response' | 'info'>,
  stored: Kind,
  document: Fields,
): KubeObject => {
  const served = info.served?.stored === stored ? info.served : undefined;
  const kind = served?.resource ?? stored;
  checkKind(kind, document);
  const { object, unknown } = decodeOrRefuse(kind, document);
  const complaints = unknown.map((path) => `unknown field "${path}"`);
  const mode = url.searchParams.get('fieldValidation') || 'Warn';
  if (complaints.length > 0 && mode === 'Strict')
    throw badRequest(`${cannotBeHandled(kind)}: strict decoding error: ${complaints.join(', ')}`);
  if (complaints.length > 0 && mode === 'Warn') for (const text of complaints) warn(response, text);
  if (!served) return placed(object as unknown as KubeObject, info.name, info.namespace);
  const converted = { ...served.toStored(object), apiVersion: apiVersionOf(stored) };
  return placed(converted as unknown as KubeObject, info.name, info.namespace);
};

const cannotBeHandled = ({ version, kind }: Kind): string =>
  `${kind} in version "${version}" cannot be handled as a ${kind}`;

const checkKind = (wanted: Kind, document: Fields): void => {
  const wantedVersion = apiVersionOf(wanted);
  const { apiVersion = wantedVersion, kind = wanted.kind } = document;
  if (kind !== wanted.kind || apiVersion !== wantedVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wantedVersion}), or the kind ` +
        `"${kind}" is not "${wanted.kind}"`,
    );
};

const decodeOrRefuse = (kind: Kind, document: Fields) => {
  try {
    return decodeObject(typeOf(kind), document);
  } catch (cause) {
    if (cause instanceof DecodeError) throw badRequest(`${cannotBeHandled(kind)}: ${cause.message}`);
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
