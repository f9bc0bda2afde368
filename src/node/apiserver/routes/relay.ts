// Hands requests on to another server: a kubelet, a pod or an endpoint of a service.
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
  type ServerResponse,
} from 'node:http';
import { Agent, type RequestOptions, request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

export interface Backend {
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Undefined: without TLS. */
  readonly tls: ConnectionOptions | undefined;
}

/** How long a connection to the backend may take. */
const dialMs = 30_000;

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** In the words of Go's dialler. */
export const dialProblem = ({ host, port }: Pick<Backend, 'host' | 'port'>, cause: NodeJS.ErrnoException): string =>
  `dial tcp ${host}:${port}: ${causes[cause.code ?? ''] ?? cause.message}`;

/** Headers for one connection only (RFC 9110, 7.6.1). */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** Headers that are meant for the API server only. */
const ownHeaders = /^(authorization|impersonate-.*|proxy-authorization)$/;

export const forwardedHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !hopByHop.includes(name) && !named.includes(name) && !ownHeaders.test(name),
    ),
  );
};

const plainAgent = new PlainAgent({ keepAlive: false });
const agents = new WeakMap<ConnectionOptions, Agent>();

const agentOf = (tls: ConnectionOptions): Agent => {
  const agent = agents.get(tls) ?? new Agent({ ...tls, keepAlive: true, maxFreeSockets: 2, timeout: 0 });
  agents.set(tls, agent);
  return agent;
};

/** One request of a client, and the answer to it. */
export interface Relayed {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Sends the request with its body to the backend. Resolves with the head of the answer, rejects with dial errors. */
export const forward = (
  { request: incoming, response }: Relayed,
  backend: Backend,
  headers: IncomingHttpHeaders,
): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { tls } = backend;
  const outgoing = open(backend, {
    method: incoming.method,
    // Node would send the body of a DELETE without a length and without this header.
    headers:
      incoming.headers['transfer-encoding'] === undefined ? headers : { ...headers, 'transfer-encoding': 'chunked' },
    setHost: headers.host === undefined,
    agent: tls === undefined ? plainAgent : agentOf(tls),
  });
  let answer: IncomingMessage | undefined;
  outgoing.once('response', (message) => {
    answer = message;
    resolve(message);
  });
  outgoing.once('error', reject);
  response.once('close', () => {
    if (!answer?.complete) outgoing.destroy();
  });
  incoming.pipe(outgoing);
  return promise;
};

/** Streams the answer as it comes. Resolves when the client has the whole answer or is gone. */
export const stream = async (answer: IncomingMessage, { response }: Relayed): Promise<void> => {
  const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
  response.flushHeaders();
  answer.pipe(response);
  answer.once('error', () => response.destroy());
  await closed;
  answer.destroy();
};

const open = ({ host, port, path, tls }: Backend, options: RequestOptions): ClientRequest => {
  const target = { ...options, host, port, path };
  const outgoing = tls === undefined ? plainRequest(target) : tlsRequest({ ...target, ...tls });
  const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), dialMs);
  const stop = (): void => clearTimeout(timer);
  outgoing.once('socket', (socket: Socket) => {
    if (socket.connecting) socket.once('connect', stop);
    else stop();
  });
  outgoing.once('close', stop);
  return outgoing;
};

/**
 * Hands a request for an upgrade (WebSocket, SPDY) to the backend. After the backend has agreed, raw bytes go in both
 * directions; this server does not look into the protocol. Rejects when the backend cannot be reached.
 */
export const relayUpgrade = (
  incoming: IncomingMessage,
  backend: Backend,
  client: Duplex,
  head: Buffer,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { host, port, tls } = backend;
  const headers = ['Host', `${host}:${port}`, ...upgradeHeaders(incoming)];
  const options = { method: incoming.method, headers, agent: false } as const;
  const outgoing = open(backend, tls === undefined ? options : { ...options, ...{ ALPNProtocols: ['http/1.1'] } });
  outgoing.once('upgrade', (answer, upstream, first) => {
    (upstream as Socket).setNoDelay(true);
    client.write(answerHead(answer, answer.rawHeaders));
    if (first.length > 0) client.write(first);
    if (head.length > 0) upstream.write(head);
    upstream.pipe(client).pipe(upstream);
    upstream.once('error', () => client.destroy());
    client.once('error', () => upstream.destroy());
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => {
      client.destroySoon?.();
      resolve();
    });
  });
  // The backend has refused the upgrade: the client gets that answer, and the connection ends.
  outgoing.once('response', (answer) => {
    client.write(answerHead(answer, [...withoutHops(answer.rawHeaders), 'Connection', 'close']));
    answer.pipe(client);
    answer.once('close', () => resolve());
  });
  outgoing.once('error', (error) => reject(error));
  client.once('close', () => outgoing.destroy());
  outgoing.end();
  return promise;
};

declare module 'node:stream' {
  interface Duplex {
    /** Only sockets have this: closes the socket after all written bytes are sent. */
    destroySoon?(): void;
  }
}

const pairsOf = (raw: readonly string[]): [name: string, value: string][] =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? '', raw[2 * index + 1] ?? '']);

const upgradeHeaders = ({ rawHeaders }: IncomingMessage): string[] =>
  pairsOf(rawHeaders)
    .filter(([name]) => name.toLowerCase() !== 'host' && !ownHeaders.test(name.toLowerCase()))
    .flat();

const withoutHops = (raw: readonly string[]): string[] =>
  pairsOf(raw)
    .filter(([name]) => !hopByHop.includes(name.toLowerCase()))
    .flat();

const answerHead = ({ statusCode, statusMessage }: IncomingMessage, rawHeaders: readonly string[]): string => {
  const lines = pairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}`);
  return `${[`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines].join('\r\n')}\r\n\r\n`;
};
