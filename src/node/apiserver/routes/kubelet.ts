// Requests that only a pod's kubelet can answer (logs, exec, attach, port-forward): relayed to port 10250 of its node.
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { Node } from '../../../api/core.ts';
import type { Container, Pod } from '../../../api/core-pods.ts';
import { allContainers } from '../../../api/pods.ts';
import { nodes, pods } from '../../../api/resources.ts';
import { existing } from '../admission/write.ts';
import { type Handler, type KubeletAccess, keyOf, type ResourceExchange } from '../exchange/exchange.ts';
import { badRequest, internal, StatusError } from '../status.ts';
import { type Backend, dialProblem, forward, forwardedHeaders, relayUpgrade, stream } from './relay.ts';

/** Subresources that stream in both directions → the kubelet's path. */
const upgradePaths: Readonly<Record<string, string>> = { exec: 'exec', attach: 'attach', portforward: 'portForward' };

type PodExchange = Pick<ResourceExchange, 'api' | 'info' | 'resource' | 'request' | 'url'>;

/** `GET pods/p/log`. The answer comes in pieces, so that `kubectl logs -f` shows each line at once. */
export const podLog: Handler = async (exchange) => {
  const { request, response } = exchange;
  const kubelet = podUrl(exchange, 'containerLogs');
  const { host: _host, ...headers } = forwardedHeaders(request.headers);
  const answer = await forward(exchange, kubelet, headers).catch((cause) => {
    const { host, port, path } = kubelet;
    throw unreachable(`Get "https://${host}:${port}${path}": ${dialProblem(kubelet, cause)}`);
  });
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await stream(answer, exchange);
  return undefined;
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

const podUrl = (exchange: PodExchange, kubeletPath: string): Backend => {
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
  return { ...kubeletOf(node, api.kubelet), path };
};

/** @throws StatusError 400 when the pod has several containers and none is named */
const containerOf = ({ metadata, spec }: Pod, wanted: string | null): string => {
  if (wanted) {
    if (allContainers(spec).some(({ name }) => name === wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
  }
  const [only, ...others] = spec.containers;
  if (only && others.length === 0) return only.name;
  const list = (containers: readonly Container[]): string => `[${containers.map(({ name }) => name).join(' ')}]`;
  const { containers, initContainers = [] } = spec;
  const inits = initContainers.length === 0 ? '' : ` or one of the init containers: ${list(initContainers)}`;
  throw badRequest(
    `a container name must be specified for pod ${metadata.name}, choose one of: ${list(containers)}${inits}`,
  );
};

/** The node's kubelet. @throws StatusError 500 for a node without an address */
export const kubeletOf = ({ metadata, status }: Node, access: KubeletAccess): Omit<Backend, 'path'> => {
  const host = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  if (!host) throw internal(`no preferred addresses found; known addresses: [] (node ${metadata.name})`);
  return { host, port: status?.daemonEndpoints?.kubeletEndpoint?.Port || 10_250, tls: tlsOf(access) };
};

const known = new WeakMap<KubeletAccess, ConnectionOptions>();

/** The same object each time, so that connections can be used again. */
const tlsOf = (access: KubeletAccess): ConnectionOptions => {
  const { cert, key, ca } = access;
  const tls = known.get(access) ?? {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // As in Kubernetes: without an authority, the serving certificates of the kubelets are not checked.
    ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
  };
  known.set(access, tls);
  return tls;
};

const unreachable = (message: string): StatusError => new StatusError(500, 'InternalError', message);

/** Hands an upgraded connection to the pod's kubelet. */
export const upgradeToKubelet = async (exchange: PodExchange, socket: Duplex, head: Buffer): Promise<void> => {
  const kubelet = podUrl(exchange, upgradePaths[exchange.info.subresource ?? ''] ?? '');
  await relayUpgrade(exchange.request, kubelet, socket, head).catch((cause) => {
    throw unreachable(`error dialing backend: ${dialProblem(kubelet, cause)}`);
  });
};
