// Reads a request's body: JSON, YAML or protobuf.
import type { IncomingMessage } from 'node:http';
import { decodeProtobuf, ProtobufError, protobufType } from '../schema/protobuf.ts';
import { badRequest, entityTooLarge, unsupportedMediaType } from '../status.ts';

const bodyLimit = 3 * 1024 * 1024;

/** @throws StatusError 413 on a body over 3 MiB */
const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw entityTooLarge(bodyLimit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const documentTypes = ['application/json', 'application/yaml', protobufType];

/** `application/json`, without parameters such as a charset. Empty when the client names no type. */
export const contentTypeOf = ({ headers }: IncomingMessage): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';

/** @returns the decoded body; undefined for an empty body. @throws StatusError 400, 413, 415 */
export const readDocument = async (request: IncomingMessage, types = documentTypes): Promise<unknown> => {
  const type = contentTypeOf(request) || 'application/json';
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

/** Loaded when the first YAML comes: kubectl sends JSON, except for server-side apply. */
const parseYaml = async (text: string): Promise<unknown> => {
  const { parse } = await import('yaml');
  try {
    return parse(text);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${(cause as Error).message}`);
  }
};
