// The kubelet's HTTPS server on port 10250. The API server forwards logs, exec, attach and port-forward requests here.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { serveLogs } from './logs.ts';
import { type PodLookup, RequestError } from './lookup.ts';
import { createUpgrader } from './upgrade.ts';

export interface KubeletServerOptions {
  readonly listen: { readonly host: string; readonly port: number } | { readonly path: string };
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string };
  readonly pods: PodLookup;
  /** The settings with which the kubelet runs. */
  readonly configz: Readonly<Record<string, unknown>>;
  readonly ttyFolder: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Listens until the signal aborts. Rejects when the port is taken. */
export const startKubeletServer = (options: KubeletServerOptions): Promise<void> => {
  const { cert, key, clientCa } = options.tls;
  const server = createServer({ cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => void handleRequest(request, response, options));
  const upgrade = createUpgrader(options);
  server.on('upgrade', (request, socket, head) => {
    try {
      authorise(request);
      upgrade(request, socket, head);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  });
  return listen(server, options);
};

const listen = (server: Server, { listen: where, signal }: KubeletServerOptions): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(where, resolve);
  signal.addEventListener('abort', () => server.close(), { once: true });
  return promise;
};

/** The health endpoint, over plain HTTP. */
export const startHealthServer = (address: string, port: number, signal: AbortSignal): void => {
  const server = createHttpServer((request, response) => {
    const known = request.url?.split('?')[0] === '/healthz';
    response.writeHead(known ? 200 : 404, { 'content-type': 'text/plain' }).end(known ? 'ok' : '404 page not found\n');
  });
  server.listen(port, address);
  signal.addEventListener('abort', () => server.close(), { once: true });
};

/** Only the group system:masters has access: the API server and administrators. @throws RequestError */
const authorise = ({ socket }: IncomingMessage): void => {
  const tls = socket as TLSSocket;
  const { subject } = tls.getPeerCertificate();
  if (!tls.authorized || !subject) throw new RequestError(401, 'Unauthorized');
  const groups = [subject.O ?? []].flat();
  if (!groups.includes('system:masters')) {
    throw new RequestError(403, `Forbidden (user=${subject.CN}, verb=get, resource=nodes, subresource=proxy)`);
  }
};

const handleRequest = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: KubeletServerOptions,
): Promise<void> => {
  try {
    const url = new URL(request.url ?? '/', 'https://kubelet');
    authorise(request);
    if (url.pathname === '/healthz') response.writeHead(200).end('ok');
    else if (url.pathname === '/pods') sendPods(response, options.pods);
    else if (url.pathname === '/configz') sendJson(response, { kubeletconfig: options.configz });
    else if (url.pathname.startsWith('/containerLogs/')) await serveLogs(url, response, options.pods);
    else throw new RequestError(404, '404 page not found');
  } catch (error) {
    const code = error instanceof RequestError ? error.code : 500;
    if (code === 500) options.logger.error('A request failed', error, { url: request.url });
    if (response.headersSent) response.destroy();
    else response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(failure(code, error)));
  }
};

/** @returns a Status object. The API server passes it on unchanged, and kubectl prints the message. */
const failure = (code: number, error: unknown) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: messageOf(error),
  reason: reasons[code] ?? 'InternalError',
  code,
});

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
};

const sendPods = (response: ServerResponse, pods: PodLookup): void =>
  sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods.all() });

const sendJson = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const refuseUpgrade = (socket: Duplex, error: unknown): void => {
  const code = error instanceof RequestError ? error.code : 500;
  const body = `${messageOf(error)}\n`;
  socket.end(
    `HTTP/1.1 ${code} Error\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
