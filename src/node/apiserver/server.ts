// The HTTPS server in front of the routes: client certificates, one exchange per request, errors as Status objects.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { authenticate } from './auth/authenticate.ts';
import { authorizeResource } from './auth/authorize.ts';
import type { Answer, Api, Exchange } from './exchange/exchange.ts';
import { parseResourceRequest } from './exchange/info.ts';
import { upgradeToKubelet } from './routes/kubelet.ts';
import { upgradeToBackend } from './routes/proxy/proxy.ts';
import { dispatch, targetOf } from './routes/routes.ts';
import { badRequest, internal, methodNotAllowed, StatusError } from './status.ts';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM: the authority of client certificates. Without it, every client is anonymous. */
  readonly clientCa: string | undefined;
}

export interface RunningServer {
  /** Accepts no new connections, and waits a moment until running answers are sent. */
  stop(): Promise<void>;
}

/** Resolves once the server listens. @throws Error when the address is taken */
export const startServer = async (api: Api, options: ServerOptions): Promise<RunningServer> => {
  const { cert, key, clientCa, host, port } = options;
  const server = createServer({
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    keepAliveTimeout: 180_000,
    requestTimeout: 0,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  server.on('request', (request, response) => void serve(api, request, response));
  server.on('upgrade', (request, socket, head) => void serveUpgrade(api, request, socket, head));
  // Ignored, because clients without TLS and clients that disconnect early would only fill the log.
  server.on('tlsClientError', () => {});
  server.listen(port, host);
  await once(server, 'listening');
  return { stop: () => stop(server) };
};

/** The maximum time that a stop waits for running answers. */
const stopLimitMs = 300;

/** `Server.close()` of node:https would destroy sockets with unsent answers, such as the last lines of watches. */
const stop = async (server: Server): Promise<void> => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  NetServer.prototype.close.call(server, () => resolve());
  const timer = setTimeout(resolve, stopLimitMs);
  await closed;
  clearTimeout(timer);
};

const serve = async (api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const started = performance.now();
  try {
    const exchange = await exchangeOf(api, request, response);
    const answer = await dispatch(exchange);
    if (answer) send(response, answer, request.method === 'HEAD');
  } catch (error) {
    sendError(api, response, error);
  }
  recordRequest(api, request, response, performance.now() - started);
};

const exchangeOf = async (api: Api, request: IncomingMessage, response: ServerResponse): Promise<Exchange> => {
  const url = urlOf(request);
  return { api, request, response, url, user: await authenticate(api, request) };
};

const urlOf = (request: IncomingMessage): URL => {
  try {
    return new URL(request.url ?? '/', 'https://localhost');
  } catch {
    throw badRequest('the request URL can not be parsed');
  }
};

const send = (response: ServerResponse, { code, body, headers = {} }: Answer, headOnly = false): void => {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(headOnly ? undefined : text);
};

const statusErrorOf = (api: Api, error: unknown): StatusError => {
  if (error instanceof StatusError) return error;
  api.logger.error('Request failed', error, { stack: error instanceof Error ? error.stack : undefined });
  return internal(error instanceof Error ? error.message : String(error));
};

const sendError = (api: Api, response: ServerResponse, error: unknown): void => {
  const { status } = statusErrorOf(api, error);
  if (response.headersSent) response.destroy();
  else send(response, { code: status.code, body: status });
};

const recordRequest = (
  api: Api,
  { method = '', url = '', headers, socket }: IncomingMessage,
  response: ServerResponse,
  tookMs: number,
): void => {
  const code = response.statusCode;
  const parsed = URL.canParse(url, 'https://localhost')
    ? parseResourceRequest(method, new URL(url, 'https://localhost'))
    : undefined;
  api.metrics.request(parsed?.verb.toUpperCase() ?? method, parsed?.resource?.plural ?? '', code, tookMs / 1000);
  if (!api.logger.enabled(3)) return;
  const latency = `${tookMs.toFixed(3)}ms`;
  api.logger.info(3, 'HTTP', {
    verb: method,
    URI: url,
    latency,
    userAgent: headers['user-agent'],
    srcIP: socket.remoteAddress,
    resp: code,
  });
};

/** By subresource. */
const upgrades: Readonly<Record<string, typeof upgradeToBackend>> = {
  exec: upgradeToKubelet,
  attach: upgradeToKubelet,
  portforward: upgradeToKubelet,
  proxy: upgradeToBackend,
};

const serveUpgrade = async (api: Api, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
  socket.on('error', () => socket.destroy());
  try {
    const url = urlOf(request);
    const user = await authenticate(api, request);
    const info = parseResourceRequest(request.method ?? 'GET', url);
    if (!info) throw methodNotAllowed();
    authorizeResource(user, info);
    const upgrade = upgrades[info.subresource ?? ''];
    if (!upgrade) throw methodNotAllowed();
    await upgrade({ api, request, url, ...targetOf(info) }, socket, head);
  } catch (error) {
    refuseUpgrade(socket, statusErrorOf(api, error));
  }
};

const refuseUpgrade = (socket: Duplex, { status }: StatusError): void => {
  const body = `${JSON.stringify(status)}\n`;
  const lines = [
    `HTTP/1.1 ${status.code} ${status.reason ?? 'Error'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
