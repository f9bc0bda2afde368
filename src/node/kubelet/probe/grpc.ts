// Asks a gRPC server for its health: grpc.health.v1.Health/Check over HTTP/2 without TLS. The messages equal those of
// the original.
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { formatGoDuration } from '../../../kit/duration.ts';
import { joinHostPort } from './dial.ts';
import { userAgent } from './http.ts';

export interface GrpcAction {
  readonly host: string;
  readonly port: number;
  readonly service: string;
}

const retryMs = 100;
const health = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const deadlineExceeded = 4;
const unimplemented = 12;
/** The index is the status code of gRPC. */
const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

/** @returns why the service is not healthy; undefined when it answers SERVING */
export const checkGrpc = async (action: GrpcAction, timeoutMs: number): Promise<string | undefined> => {
  const address = joinHostPort(action.host, action.port);
  const timeout = formatGoDuration(timeoutMs);
  const signal = AbortSignal.timeout(timeoutMs);
  const session = await connectInTime(`http://${address}`, signal);
  if (!session) return `timeout: failed to connect service "${address}" within ${timeout}: context deadline exceeded`;
  try {
    const { code, message, status } = await call(session, action.service, signal);
    if (code === unimplemented)
      return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`;
    if (code === deadlineExceeded) return `timeout: health rpc did not complete within ${timeout}`;
    if (code !== 0)
      return `error: health rpc probe failed: rpc error: code = ${codes[code] ?? `Code(${code})`} desc = ${message}`;
    const name = health[status] ?? String(status);
    return name === 'SERVING' ? undefined : `service unhealthy (responded with "${name}")`;
  } finally {
    session.destroy();
  }
};

/** As in the original, a refused connection is tried again until the time is over. */
const connectInTime = async (url: string, signal: AbortSignal): Promise<ClientHttp2Session | undefined> => {
  while (!signal.aborted) {
    const session = await tryConnect(url, signal);
    if (session) return session;
    await delay(retryMs, undefined, { signal, ref: false }).catch(() => {});
  }
  return undefined;
};

/** @returns undefined when nothing listens, or when the listener does not speak HTTP/2 */
const tryConnect = async (url: string, signal: AbortSignal): Promise<ClientHttp2Session | undefined> => {
  // Loaded at the first gRPC probe: the module needs memory in every kubelet.
  const { connect } = await import('node:http2');
  const session = connect(url);
  const { promise, resolve } = Promise.withResolvers<ClientHttp2Session | undefined>();
  const fail = (): void => {
    session.destroy();
    resolve(undefined);
  };
  session.on('error', fail);
  session.once('close', fail);
  session.once('remoteSettings', () => resolve(session));
  signal.addEventListener('abort', fail, { once: true });
  const result = await promise;
  signal.removeEventListener('abort', fail);
  session.removeListener('close', fail);
  return result;
};

interface Reply {
  readonly code: number;
  readonly message: string;
  readonly status: number;
}

const call = (session: ClientHttp2Session, service: string, signal: AbortSignal): Promise<Reply> => {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': userAgent,
    te: 'trailers',
  });
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  const fail = (code: number, message: string): void => resolve({ code, message, status: 0 });
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', (error) => fail(14, error.message));
  stream.on('close', () => resolve(replyOf({ ...headers, ...trailers }, Buffer.concat(chunks))));
  signal.addEventListener('abort', () => fail(deadlineExceeded, 'context deadline exceeded'), { once: true });
  stream.end(frame(requestMessage(service)));
  return promise;
};

const replyOf = (headers: IncomingHttpHeaders, body: Buffer): Reply => {
  const httpStatus = Number(headers[':status'] ?? 0);
  const code = headers['grpc-status'] === undefined ? codeOfHttp(httpStatus) : Number(headers['grpc-status']);
  const text = String(headers['grpc-message'] ?? '');
  const fallback = `unexpected HTTP status code received from server: ${httpStatus}`;
  const message = headers['grpc-status'] === undefined ? fallback : unescapeMessage(text);
  return { code, message, status: statusOf(body) };
};

/** The status code of an answer that is not from a gRPC server, as gRPC's specification maps it. */
const codeOfHttp = (status: number): number => {
  const known: Readonly<Record<number, number>> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  };
  return known[status] ?? 2;
};

const unescapeMessage = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** gRPC's frame: one byte for the compression, four bytes for the length. */
const frame = (message: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

/** HealthCheckRequest: field 1 is the name of the service. */
const requestMessage = (service: string): Buffer => {
  const name = Buffer.from(service);
  if (name.length === 0) return name;
  const length = name.length < 128 ? [name.length] : [(name.length & 0x7f) | 0x80, name.length >> 7];
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
};

/** HealthCheckResponse: field 1 is the status. An absent field is 0, UNKNOWN. */
const statusOf = (body: Buffer): number => (body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0);
