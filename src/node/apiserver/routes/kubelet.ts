// Requests that only a pod's kubelet can answer (logs, exec, attach, port-forward): relayed to port 10250 of its node.
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Container, Node, Pod } from '../../../api/core.ts';
import { nodes, pods } from '../../../api/resources.ts';
import { existing } from '../admission/write.ts';
import { type Handler, type KubeletAccess, keyOf, type ResourceExchange } from '../exchange/exchange.ts';
import { badRequest, internal, methodNotAllowed, StatusError } from '../status.ts';

/** A URL of a kubelet. */
interface KubeletUrl {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** Subresources that stream in both directions → the kubelet's path. */
const upgradePaths: Readonly<Record<string, string>> = { exec: 'exec', attach: 'attach', portforward: 'portForward' };

type PodExchange = Pick<ResourceExchange, 'api' | 'info' | 'resource' | 'request' | 'url'>;

/** `GET pods/p/log` */
export const podLog: Handler = (exchange) => relay(exchange, podUrl(exchange, 'containerLogs'));

/** `nodes/n/proxy/…`: anything that the kubelet serves. */
export const nodeProxy: Handler = (exchange) => {
  const { api, info, url } = exchange;
  const node = existing(api, nodes, keyOf(exchange)) as Node;
  return relay(exchange, { ...addressOf(node), path: `/${info.rest}${url.search}` });
};

/** A request without an upgrade on a subresource that streams in both directions. */
export const needsUpgrade: Handler = () => {
  throw badRequest('Upgrade request required');
};

/** Parameters of the API → the kubelet's names for them. */
const streams = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;

const podUrl = (exchange: PodExchange, kubeletPath: string): KubeletUrl => {
  const { api, info, url } = exchange;
  const pod = existing(api, pods, keyOf(exchange)) as Pod;
  const { name, namespace } = pod.metadata;
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const node = api.store.get(nodes, { name: pod.spec.nodeName }) as Node | undefined;
  if (!node) throw internal(`node "${pod.spec.nodeName}" of pod ${name} does not exist`);
  const query = new URLSearchParams(url.searchParams);
  query.delete('container');
  for (const [name, kubeletName] of streams)
    if (query.has(name)) query.set(kubeletName, query.get(name) === 'false' ? '0' : '1');
  const container = info.subresource === 'portforward' ? '' : `/${containerOf(pod, url.searchParams.get('container'))}`;
  const path = `/${kubeletPath}/${namespace}/${name}${container}${query.size === 0 ? '' : `?${query}`}`;
  return { ...addressOf(node), path };
};

/** @throws StatusError 400 when the pod has several containers and none is named */
const containerOf = ({ metadata, spec }: Pod, wanted: string | null): string => {
  const all: Container[] = [...spec.containers, ...(spec.initContainers ?? [])];
  if (wanted) {
    if (all.some(({ name }) => name === wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
  }
  const [only, ...others] = spec.containers;
  if (only && others.length === 0) return only.name;
  const names = spec.containers.map(({ name }) => name).join(' ');
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names}]`);
};

const addressOf = ({ metadata, status }: Node): { host: string; port: number } => {
  const host = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  if (!host) throw internal(`no preferred addresses found; known addresses: [] (node ${metadata.name})`);
  return { host, port: status?.daemonEndpoints?.kubeletEndpoint?.Port || 10_250 };
};

const agents = new WeakMap<KubeletAccess, Agent>();

const agentOf = (access: KubeletAccess): Agent => {
  const agent = agents.get(access) ?? new Agent({ ...tlsOf(access), keepAlive: true, maxFreeSockets: 2, timeout: 0 });
  agents.set(access, agent);
  return agent;
};

const tlsOf = ({ cert, key, ca }: KubeletAccess) => ({
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  // As in Kubernetes: without an authority, the serving certificates of the kubelets are not checked.
  ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
});

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** In the words of Go's dialler. */
const dialProblem = ({ host, port }: KubeletUrl, cause: NodeJS.ErrnoException): string =>
  `dial tcp ${host}:${port}: ${causes[cause.code ?? ''] ?? cause.message}`;

const unreachable = (message: string): StatusError => new StatusError(500, 'InternalError', message);

/** Streams the answer back as it comes, so that `kubectl logs -f` shows each line at once. */
const relay = ({ api, request: incoming, response }: ResourceExchange, target: KubeletUrl): Promise<undefined> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      { ...target, method: incoming.method, agent: agentOf(api.kubelet), headers: forwardedHeaders(incoming) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.once('error', () => response.destroy());
        response.once('close', () => {
          answer.destroy();
          resolve(undefined);
        });
      },
    );
    outgoing.once('error', (cause) =>
      response.headersSent
        ? response.destroy()
        : reject(
            unreachable(`Get "https://${target.host}:${target.port}${target.path}": ${dialProblem(target, cause)}`),
          ),
    );
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });

const forwardedHeaders = ({ headers }: IncomingMessage) => {
  const { authorization: _authorization, host: _host, connection: _connection, ...rest } = headers;
  return rest;
};

/**
 * Hands an upgraded connection (WebSocket, SPDY) to the kubelet: first the head of the request, then raw bytes in
 * both directions. The server does not look into the protocol.
 */
export const relayUpgrade = (exchange: PodExchange, socket: Duplex, head: Buffer): Promise<void> => {
  const { api, info, request: incoming } = exchange;
  const kubeletPath = upgradePaths[info.subresource ?? ''];
  if (!kubeletPath) throw methodNotAllowed();
  const target = podUrl(exchange, kubeletPath);
  return new Promise((resolve, reject) => {
    const upstream = connect({
      host: target.host,
      port: target.port,
      ...tlsOf(api.kubelet),
      ALPNProtocols: ['http/1.1'],
    });
    let connected = false;
    upstream.once('secureConnect', () => {
      connected = true;
      upstream.setNoDelay(true);
      upstream.write(requestHead(incoming, target));
      if (head.length > 0) upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.once('error', (cause) => {
      if (!connected) reject(unreachable(`error dialing backend: ${dialProblem(target, cause)}`));
      else socket.destroy();
    });
    socket.once('error', () => upstream.destroy());
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => {
      socket.destroySoon?.();
      resolve();
    });
  });
};

declare module 'node:stream' {
  interface Duplex {
    /** Only sockets have this: closes the socket after all written bytes are sent. */
    destroySoon?(): void;
  }
}

const requestHead = ({ method, rawHeaders }: IncomingMessage, { host, port, path }: KubeletUrl): string => {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}:${port}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!/^(host|authorization)$/i.test(name)) lines.push(`${name}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
};
