// Registers the node at the API server, keeps its status up to date and renews its lease.
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeStatus, Taint } from '../../../api/core.ts';
import { leases, nodes } from '../../../api/resources.ts';
import { microTimestamp } from '../../../api/time.ts';
import type { Logger } from '../../../kit/logger.ts';
import { startReconciler } from '../../../kit/reconcile.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../client/error.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Client } from '../../client/types.ts';
import { loadCniNetwork } from '../../sys/cni.ts';
import type { ImageStore } from '../runtime/images.ts';
import { type MachineFacts, newNode, nodeStatus } from './status.ts';

export interface NodeAgentOptions {
  readonly client: Client;
  readonly machine: MachineFacts;
  readonly events: Pick<EventRecorder, 'event'>;
  /** The resources whose limits have no effect on this node. */
  readonly withoutLimits: readonly string[];
  readonly labels: Record<string, string>;
  readonly taints: readonly Taint[];
  readonly images: ImageStore;
  readonly cniConfigFolder: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const statusMs = 10_000;
/** An unchanged status is written again after this time, as by the original kubelet. */
const unchangedStatusMs = 300_000;
const leaseMs = 10_000;
const leaseSeconds = 40;
/** At the boot of a cluster, the API server comes up a second after the kubelet, and everybody waits for the nodes. */
const maxBackoffMs = 250;

/** Starts at once and runs until the signal aborts. Retries while the API server does not answer. */
export const startNodeAgent = (options: NodeAgentOptions): void => {
  const { client, machine, logger, signal } = options;
  let node: Node | undefined;
  let failing = false;
  let warned = false;
  const onError = (what: string) => (error: unknown) => {
    // One log line for each outage: the API server may start seconds after the kubelet.
    if (!failing) logger.error(what, error, { node: machine.name });
    failing = true;
  };
  const status = startReconciler({
    sync: async () => {
      const registered = await ensureNode(options, node);
      if (!warned) warnAboutLimits(options, registered);
      warned = true;
      node = await publishStatus(options, registered);
      if (failing) logger.info(0, 'Reached the API server', { node: machine.name });
      failing = false;
    },
    onError: onError('Error updating node status, will retry'),
    signal,
    maxIntervalMs: statusMs,
    backoffMs: 50,
    maxBackoffMs,
  });
  const lease = startReconciler({
    sync: () => renewLease(client, machine.name, node),
    onError: onError('Failed to update node lease, will retry'),
    signal,
    maxIntervalMs: leaseMs,
    backoffMs: 50,
    maxBackoffMs,
  });
  void watchNetwork(options.cniConfigFolder, status.trigger, logger, signal);
  status.trigger();
  lease.trigger();
};

const warnAboutLimits = ({ events, withoutLimits }: NodeAgentOptions, node: Node): void => {
  if (withoutLimits.length === 0) return;
  const message =
    `The kernel gives this node no cgroup controller for ${withoutLimits.join(' and ')}: ` +
    'limits of containers have no effect there. Run "labs doctor" on your machine.';
  events.event({ apiVersion: 'v1', kind: 'Node', ...node }, 'Warning', 'LimitsNotEnforced', message);
};

/** Lets the node become Ready as soon as the pod network's agent writes the CNI configuration. */
const watchNetwork = async (
  folder: string,
  changed: () => void,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const watcher = watch(folder, { signal }, changed);
  watcher.on('error', (error) => logger.error('Watching for a CNI configuration failed', error));
  changed();
};

const ensureNode = async (
  { client, machine, labels, taints, logger }: NodeAgentOptions,
  known: Node | undefined,
): Promise<Node> => {
  const { name } = machine;
  if (known) {
    try {
      return await client.get(nodes, { name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  const wanted = newNode(machine, labels, taints);
  try {
    const created = await client.create(nodes, wanted);
    logger.info(0, 'Successfully registered node', { node: name });
    return created;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  logger.info(0, 'Node was previously registered', { node: name });
  return client.patch(nodes, { name }, { metadata: { labels: wanted.metadata.labels } }, { type: 'merge' });
};

const publishStatus = async (options: NodeAgentOptions, current: Node): Promise<Node> => {
  const { client, machine, images, cniConfigFolder } = options;
  const networkReady = (await loadCniNetwork(cniConfigFolder)) !== undefined;
  const facts = { machine, images: await images.list(), networkReady, now: Date.now() };
  const status = nodeStatus(facts, current.status);
  if (!isWorthWriting(status, current.status, facts.now)) return current;
  try {
    return await client.updateStatus(nodes, { ...current, status });
  } catch (error) {
    // Somebody else wrote the node in the meantime: compute the status again.
    if (!isConflict(error)) throw error;
    return publishStatus(options, await client.get(nodes, { name: machine.name }));
  }
};

/** True for a changed status, and every five minutes for an unchanged one. In between, the lease is the heartbeat. */
const isWorthWriting = (status: NodeStatus, before: NodeStatus | undefined, now: number): boolean => {
  const heartbeat = Date.parse(before?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '');
  return (
    !(now - heartbeat < unchangedStatusMs) ||
    !isDeepStrictEqual(withoutHeartbeat(status), withoutHeartbeat(before ?? {}))
  );
};

const withoutHeartbeat = (status: NodeStatus): NodeStatus => ({
  ...status,
  conditions: (status.conditions ?? []).map(({ lastHeartbeatTime: _, ...rest }) => rest),
});

const renewLease = async (client: Client, name: string, node: Node | undefined): Promise<void> => {
  const key = { namespace: 'kube-node-lease', name };
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: microTimestamp() };
  try {
    await client.patch(leases, key, { spec }, { type: 'merge' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const uid = node?.metadata.uid;
    const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
    await client.create(leases, { metadata: { ...key, ...owner }, spec });
  }
};
