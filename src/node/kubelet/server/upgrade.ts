// Upgrades a request to streams over WebSocket or SPDY, and hands them to exec, attach or port-forward.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { serveAttach } from './attach.ts';
import { type CommandChannels, commandProtocols, createCommandChannels } from './channels.ts';
import { serveExec } from './exec.ts';
import { type PodLookup, RequestError, runningContainer } from './lookup.ts';
import { portForwardProtocol, servePortForward, spdyPortForwardProtocol } from './port-forward.ts';
import { acceptSpdyChannels, spdyCommandProtocol, type WantedStreams } from './spdy-channels.ts';
import { socketWire, type Wire, websocketWire } from './wire.ts';

export interface UpgradeOptions {
  readonly pods: PodLookup;
  readonly ttyFolder: string;
  readonly logger: Logger;
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** For a request that cannot be served, the returned function throws RequestError before it changes the protocol. */
export const createUpgrader = (options: UpgradeOptions): Upgrade => {
  const toWebSocket = createWebSocketUpgrade(options);
  return (request, socket, head) => {
    const service = serviceFor(request, options);
    if (/^spdy\/3\.1$/i.test(request.headers.upgrade ?? '')) toSpdy(request, socket, head, service);
    else toWebSocket(request, socket, head, service);
  };
};

/** What serves the client once the connection is upgraded. */
type Service =
  | { readonly kind: 'tunnel'; readonly serve: (wire: Wire) => void }
  | { readonly kind: 'command'; readonly streams: WantedStreams; readonly serve: (channels: CommandChannels) => void };

/** @throws RequestError when the pod or container does not run */
const serviceFor = (request: IncomingMessage, { pods, ttyFolder, logger }: UpgradeOptions): Service => {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, action, namespace = '', name = '', ...rest] = url.pathname.split('/');
  if (action === 'portForward') {
    const sandbox = pods.sandbox(namespace, name);
    if (!sandbox) throw new RequestError(404, `pod does not exist or is not running: ${name}_${namespace}`);
    const onError = (error: unknown): void => logger.error('Port forwarding failed', error);
    return { kind: 'tunnel', serve: (wire) => servePortForward(wire, { sandbox, onError }) };
  }
  if (action !== 'exec' && action !== 'attach') throw new RequestError(404, '404 page not found');
  const container = runningContainer(pods, namespace, name, rest.at(-1) ?? '');
  const streams = wantedStreams(url.searchParams);
  const bundle = pods.runtime.bundle(container.id);
  if (action === 'exec') {
    const command = url.searchParams.getAll('command');
    const run = { containerId: container.id, command, stdin: streams.stdin, tty: streams.tty };
    const exec = { crun: pods.runtime.crun, ttyFolder, bundle };
    return { kind: 'command', streams, serve: (channels) => void serveExec(channels, run, exec) };
  }
  const current = () => pods.runtime.containers().find(({ id }) => id === container.id);
  const attach = { container: current, bundle, stdin: streams.stdin };
  return { kind: 'command', streams, serve: (channels) => void serveAttach(channels, attach) };
};

/** Accepts the kubelet's parameters (`input`, `output`, `error`) and the API's (`stdin`, `stdout`, `stderr`). */
const wantedStreams = (query: URLSearchParams): WantedStreams => {
  const flag = (...names: string[]): boolean => names.some((key) => ['1', 'true'].includes(query.get(key) ?? ''));
  return {
    stdin: flag('input', 'stdin'),
    stdout: flag('output', 'stdout'),
    stderr: flag('error', 'stderr'),
    tty: flag('tty'),
  };
};

const createWebSocketUpgrade = ({ logger }: UpgradeOptions) => {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => commandProtocols.find((known) => offered.has(known)) ?? false,
  });
  const tunnels = new WeakSet<IncomingMessage>();
  // The name of this protocol has a slash. RFC 6455 forbids that and ws refuses it, so ws must not see the name.
  server.on('headers', (headers, request) => {
    if (tunnels.has(request)) headers.push(`Sec-WebSocket-Protocol: ${portForwardProtocol}`);
  });
  return (request: IncomingMessage, socket: Duplex, head: Buffer, service: Service): void => {
    if (request.headers['sec-websocket-protocol'] === portForwardProtocol) {
      tunnels.add(request);
      delete request.headers['sec-websocket-protocol'];
    }
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', (error) => logger.info(2, 'A stream broke', { err: messageOf(error) }));
      if (service.kind === 'tunnel') service.serve(websocketWire(client));
      else service.serve(createCommandChannels(client));
    });
  };
};

/** @throws RequestError when the client offers no known protocol */
const toSpdy = (request: IncomingMessage, socket: Duplex, head: Buffer, service: Service): void => {
  const offered = [request.headers['x-stream-protocol-version'] ?? '']
    .flat()
    .join(',')
    .split(/\s*,\s*/);
  const protocol = service.kind === 'tunnel' ? spdyPortForwardProtocol : spdyCommandProtocol;
  if (!offered.includes(protocol))
    throw new RequestError(
      403,
      `unable to negotiate protocol: client supports [${offered}], server accepts [${protocol}]`,
    );
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const wire = socketWire(socket, head);
  if (service.kind === 'tunnel') service.serve(wire);
  else acceptSpdyChannels(wire, service.streams, service.serve);
};
