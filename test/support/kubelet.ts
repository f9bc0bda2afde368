// A kubelet's sync loop over any runtime, with an API server in memory. Every image exists unless a test removes it.
import type { Pod, PodSpec } from '../../src/api/core-pods.ts';
import { normaliseReference } from '../../src/api/images.ts';
import type { ObjectMeta } from '../../src/api/meta.ts';
import { pods } from '../../src/api/resources.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import type { Logger } from '../../src/kit/logger.ts';
import { createSourceCache } from '../../src/node/kubelet/container/source-cache.ts';
import { createPodEvents } from '../../src/node/kubelet/pod/events.ts';
import { createStatusWriter } from '../../src/node/kubelet/pod/status-writer.ts';
import { type SyncLoop, startSyncLoop } from '../../src/node/kubelet/pod/sync-loop.ts';
import { createProber } from '../../src/node/kubelet/probe/prober.ts';
import type { ImageStore } from '../../src/node/kubelet/runtime/images.ts';
import type { Runtime } from '../../src/node/kubelet/runtime/runtime.ts';
import { createMemoryClient, type MemoryClient } from './memory-client.ts';

export const silentLogger: Logger = { info() {}, warning() {}, error() {}, enabled: () => false };

export interface TestKubelet {
  readonly client: MemoryClient;
  readonly syncLoop: SyncLoop;
  readonly events: string[];
  /** Image references that the store does not have. */
  readonly missingImages: Set<string>;
  create(name: string, spec?: Partial<PodSpec>, metadata?: Partial<ObjectMeta>): Promise<Pod>;
  /** Marks the pod as deleted. As with the API server, it stays until the kubelet confirms its end. */
  deleteGracefully(name: string, seconds: number): Promise<void>;
  pod(name: string): Pod | undefined;
  until(condition: string, look: () => boolean): Promise<void>;
  readyStatus(name: string): string | undefined;
}

export interface TestKubeletOptions {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly images?: ImageStore;
  readonly client?: MemoryClient;
  readonly podsFolder: string;
}

export const startTestKubelet = async (options: TestKubeletOptions): Promise<TestKubelet> => {
  const { runtime, signal, client = createMemoryClient() } = options;
  const events: string[] = [];
  const missingImages = new Set<string>();
  const recorder = {
    event: (_: unknown, type: string, reason: string, text: string) => void events.push(`${type} ${reason}: ${text}`),
  };
  const podEvents = createPodEvents(recorder);
  const prober = createProber({
    exec: runtime.exec,
    onChange: (uid) => syncLoop.trigger(uid),
    onWarning: (pod, { name }, { reason, message }) => podEvents.container(pod, name, 'Warning', reason, message),
  });
  const syncLoop = startSyncLoop({
    client,
    signal,
    deps: {
      client,
      runtime,
      images: options.images ?? allImagesExcept(missingImages),
      prober,
      events: podEvents,
      statuses: createStatusWriter({ client, signal, onError: () => {} }),
      sources: createSourceCache(client, silentLogger, signal),
      services: () => [],
      dns: { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', nodeResolvConf: '' },
      nodeName: 'node01',
      nodeIp: '192.168.56.11',
      allowedUnsafeSysctls: [],
      capabilities: new Set(['CHOWN', 'NET_ADMIN']),
      allocatable: { cpu: '2', memory: '2Gi', 'ephemeral-storage': '10Gi', pods: '110' },
      podsFolder: options.podsFolder,
      logger: silentLogger,
    },
  });
  const pod = (name: string): Pod | undefined => client.all(pods).find(({ metadata }) => metadata.name === name);
  return {
    client,
    syncLoop,
    events,
    missingImages,
    pod,
    create: (name, spec = {}, metadata = {}) =>
      client.create(pods, {
        metadata: { name, namespace: 'default', ...metadata },
        spec: {
          nodeName: 'node01',
          containers: [{ name: 'c', image: 'busybox', command: ['sleep', '1000'] }],
          ...spec,
        },
      }),
    async deleteGracefully(name, seconds) {
      const found = pod(name);
      if (!found) throw new Error(`no pod ${name}`);
      const deletionTimestamp = new Date(Date.now() + seconds * 1000).toISOString();
      const metadata = { ...found.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds };
      await client.update(pods, { ...found, metadata });
    },
    until: (condition, look) =>
      eventually(
        condition,
        () => (look() ? done(undefined) : notYet(JSON.stringify(client.all(pods).map(({ status }) => status)))),
        {
          timeoutMs: 30_000,
          intervalMs: 5,
          maxIntervalMs: 20,
        },
      ),
    readyStatus: (name) => pod(name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
  };
};

const allImagesExcept = (missing: ReadonlySet<string>): ImageStore => ({
  find: async (reference) =>
    missing.has(reference)
      ? undefined
      : { reference: normaliseReference(reference), digest: 'sha256:aa', size: 1, config: { Cmd: ['run'] } },
  list: async () => [],
  rootfs: () => '/nonexistent',
});
