// What kube-proxy reads from the API server: services, endpoint slices, and the node that it runs on.
import { setTimeout as delay } from 'node:timers/promises';
import type { Node, Service } from '../../../api/core.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { endpointSlices, nodes, type Resource, services } from '../../../api/resources.ts';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { createInformer } from '../../client/informer.ts';
import { type Client, keyOf } from '../../client/types.ts';
import { recordOf } from './json.ts';
import { serviceSelection, sliceSelection } from './service-ports.ts';
import { fromOldSlice, oldEndpointSlices } from './slice-v1beta1.ts';

/**
 * Waits until the API server answers. A starting cluster has it within about a second, so the first attempts follow
 * quickly.
 * @returns the version of EndpointSlices that the server has
 */
export const reachServer = async (
  client: Client,
  log: Logger,
  signal: AbortSignal,
): Promise<Resource<EndpointSlice>> => {
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    const answer = await look(client);
    signal.throwIfAborted();
    if (answer.resource) return answer.resource;
    const waited = performance.now() - started;
    if (isWorthALine(attempt)) log.warning('The API server does not answer yet', { err: answer.problem });
    const pause = waited < 10_000 ? Math.min(50 + attempt * 10, 200) : 2000;
    await delay(Math.max(pause, answer.retryAfterMs ?? 0), undefined, { signal });
  }
};

/** Logs the first attempt, then ever fewer of them. */
const isWorthALine = (attempt: number): boolean => attempt % 10 === 0 && Number.isInteger(Math.log2(attempt / 10 || 1));

interface Looked {
  readonly resource?: Resource<EndpointSlice>;
  readonly problem?: string;
  readonly retryAfterMs?: number;
}

/**
 * Any authenticated client may read the versions of a group. Missing rights show later, in the list of each resource.
 */
const look = async (client: Client): Promise<Looked> => {
  try {
    const { status, body, ...rest } = await client.raw('/apis/discovery.k8s.io');
    if (status >= 500 || status === 429 || status === 401)
      return { problem: `${status} ${body.slice(0, 200)}`, ...rest };
    return { resource: status === 200 && hasOnlyOld(body) ? oldEndpointSlices : endpointSlices };
  } catch (error) {
    return { problem: messageOf(error) };
  }
};

const hasOnlyOld = (body: string): boolean => {
  const { versions = [] } = JSON.parse(body) as { versions?: { version?: string }[] };
  const has = (wanted: string): boolean => versions.some(({ version }) => version === wanted);
  return has('v1beta1') && !has('v1');
};

export interface ObjectHandlers {
  onNode(node: Node | undefined): void;
  onService(before: Service | undefined, after: Service | undefined): void;
  onSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void;
}

export interface FollowOptions {
  readonly client: Client;
  readonly nodeName: string;
  readonly slices: Resource<EndpointSlice>;
  readonly handlers: ObjectHandlers;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Each promise resolves when the handlers have been called for every existing object. */
export interface Followed {
  readonly node: Promise<void>;
  readonly services: Promise<void>;
  readonly slices: Promise<void>;
}

/**
 * Calls the handlers for each change at the API server. Informers start at once and report each object only once. So
 * the handlers must be registered in the same turn of the event loop: this function must not await anything.
 */
export const followObjects = ({ client, nodeName, slices, handlers, log, signal }: FollowOptions): Followed => {
  const options = { signal, logger: log };
  const own = { fieldSelector: `metadata.name=${nodeName}` };
  const nodeInformer = createInformer(client, nodes, { ...options, selection: own });
  const serviceInformer = createInformer(client, services, { ...options, selection: serviceSelection });
  const sliceInformer = createInformer(client, slices, { ...options, selection: sliceSelection });
  nodeInformer.onChange((before, after) => {
    if (!before) log.info(4, 'Calling handler.OnNodeChange');
    handlers.onNode(after);
  });
  serviceInformer.onChange((before, after) => {
    log.info(4, `Calling handler.OnService${verbOf(before, after)}`);
    if (after && isHeadless(after)) log.info(4, 'Skipping service due to cluster IP', skipped(after));
    handlers.onService(before, after);
  });
  const read = slices === oldEndpointSlices ? fromOldSlice : (slice: EndpointSlice) => slice;
  sliceInformer.onChange((before, after) => {
    const verb = verbOf(before, after);
    // These are the original's handler names.
    const handler = verb === 'Add' ? 'OnEndpointSliceAdd' : `OnEndpoints${verb}`;
    log.info(4, `Calling handler.${handler}`, { endpoints: keyOf((after ?? before) as KubeObject) });
    handlers.onSlice(before && read(before), after && read(after));
  });
  return { node: nodeInformer.synced, services: serviceInformer.synced, slices: sliceInformer.synced };
};

const verbOf = (before: unknown, after: unknown): 'Add' | 'Update' | 'Delete' =>
  before === undefined ? 'Add' : after === undefined ? 'Delete' : 'Update';

const clusterIpOf = ({ spec }: Service): unknown => recordOf(spec).clusterIP ?? '';
const isHeadless = (service: Service): boolean => ['', 'None'].includes(String(clusterIpOf(service)));
const skipped = (service: Service) => ({ service: keyOf(service), clusterIP: clusterIpOf(service) });
