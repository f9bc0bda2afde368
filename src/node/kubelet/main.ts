// The kubelet's entry point: reads the configuration and connects the rooms.
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { nodePaths } from '../../api/paths.ts';
import { services } from '../../api/resources.ts';
import { kubernetesVersion } from '../../api/version.ts';
import type { Logger } from '../../kit/logger.ts';
import { createClient } from '../client/client.ts';
import { createEventRecorder, type EventRecorder } from '../client/events.ts';
import { createInformer } from '../client/informer.ts';
import type { Client } from '../client/types.ts';
import { parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { type Cgroups, openCgroups } from '../sys/cgroup.ts';
import { createCniExecutor } from '../sys/cni.ts';
import {
  type KubeletConfig,
  kubeletFlags,
  parseKubeletConfig,
  parseLabels,
  parseTaint,
  runningConfig,
} from './config.ts';
import { createSourceCache } from './container/source-cache.ts';
import { startNodeAgent } from './node/agent.ts';
import { readMachine } from './node/machine.ts';
import { killContainersWithoutHandler } from './node/shutdown.ts';
import { allocatableOf } from './node/status.ts';
import { createPodEvents } from './pod/events.ts';
import { createStatusWriter } from './pod/status-writer.ts';
import { type SyncLoop, startSyncLoop } from './pod/sync-loop.ts';
import type { WorkerDeps } from './pod/worker-deps.ts';
import { createProber } from './probe/prober.ts';
import { type CrunRuntime, createCrunRuntime } from './runtime/crun-runtime.ts';
import { createImageStore, type ImageStore } from './runtime/images.ts';
import { parseBoundingSet } from './runtime/oci.ts';
import type { PodLookup } from './server/lookup.ts';
import { startHealthServer, startKubeletServer } from './server/server.ts';

/** On a tmpfs: a restart of the node removes the state together with the containers. */
const stateFolder = '/run/kubelet';

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(kubeletFlags, argv);
  const config = parseKubeletConfig(flags.config ?? '', flags.config ? await readFile(flags.config, 'utf8') : '');
  const labels = parseLabels(flags['node-labels'] ?? []);
  const taints = (flags['register-with-taints'] ?? []).map(parseTaint);
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'kubelet' });
  const nodeName = flags['hostname-override'] || hostname();
  const nodeIp = flags['node-ip'] ?? '127.0.0.1';
  const rootFolder = flags['root-dir'] ?? nodePaths.kubelet;
  const podsFolder = join(rootFolder, 'pods');
  await mkdir(podsFolder, { recursive: true });

  const client = createClient({ kubeconfig: flags.kubeconfig ?? `${nodePaths.kubernetes}/kubelet.conf` });
  const images = createImageStore(flags['image-store'] ?? '');
  const { maxPods, port } = config;
  const cgroups = await openCgroups({ mounts: `${stateFolder}/cgroup` });
  const memoryLimit = cgroups.nodeMemory;
  const machine = await readMachine({ name: nodeName, ip: nodeIp, maxPods, port, rootFolder, memoryLimit });
  const recorder = createEventRecorder(client, { component: 'kubelet', host: nodeName, logger });
  const withoutLimits = (['memory', 'cpu'] as const).filter((controller) => !cgroups.controllers.has(controller));
  const agent = { client, machine, events: recorder, withoutLimits, labels, taints, images };
  startNodeAgent({ ...agent, cniConfigFolder: nodePaths.cniConfig, logger, signal });
  const capabilities = parseBoundingSet(await readFile('/proc/self/status', 'utf8'));
  const runtime = await startRuntime({ images, config, cgroups, capabilities, rootFolder, logger, signal });
  const node = { nodeName, nodeIp, podsFolder, capabilities, allocatable: allocatableOf(machine) };
  const syncLoop = await startPods({ client, runtime, images, config, node, recorder, logger, signal });
  if (config.healthzPort > 0) startHealthServer(config.healthzBindAddress, config.healthzPort, signal);
  await startKubeletServer({
    listen: { host: config.address, port },
    tls: await readTls(config, rootFolder),
    pods: podLookup(syncLoop, runtime),
    configz: runningConfig(config),
    ttyFolder: `${stateFolder}/tty`,
    logger,
    signal,
  });
  logger.info(0, 'Started kubelet', { node: nodeName, version: kubernetesVersion });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await killContainersWithoutHandler(runtime);
};

interface Parts {
  readonly images: ImageStore;
  readonly config: KubeletConfig;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface RuntimeParts extends Parts {
  readonly cgroups: Cgroups;
  readonly capabilities: ReadonlySet<string>;
  readonly rootFolder: string;
}

const startRuntime = async ({
  images,
  config,
  cgroups,
  capabilities,
  rootFolder,
  logger,
  signal,
}: RuntimeParts): Promise<CrunRuntime> =>
  createCrunRuntime({
    stateFolder,
    recordFolder: join(rootFolder, 'containers'),
    logFolder: nodePaths.podLogs,
    cniConfigFolder: nodePaths.cniConfig,
    cni: createCniExecutor(nodePaths.cniPlugins),
    rootfsOf: images.rootfs,
    boundingCapabilities: capabilities,
    logSizeMax: config.containerLogMaxBytes,
    cgroups,
    logger,
    signal,
  });

interface PodParts extends Parts {
  readonly client: Client;
  readonly runtime: CrunRuntime;
  readonly recorder: EventRecorder;
  readonly node: Pick<WorkerDeps, 'nodeName' | 'nodeIp' | 'podsFolder' | 'allocatable' | 'capabilities'>;
}

/** Creates what the pods' workers share, and starts the sync loop. */
const startPods = async (parts: PodParts): Promise<SyncLoop> => {
  const { client, runtime, images, config, node, logger, signal } = parts;
  const events = createPodEvents(parts.recorder);
  const serviceInformer = createInformer(client, services, { logger, signal });
  const prober = createProber({
    exec: runtime.exec,
    onChange: (uid) => syncLoop.trigger(uid),
    onWarning: (pod, { name }, { reason, message }) => events.container(pod, name, 'Warning', reason, message),
  });
  const statuses = createStatusWriter({
    client,
    signal,
    onError: (pod, error) => logger.error('Failed to update status for pod', error, { podUID: pod }),
  });
  const dns = {
    clusterDns: config.clusterDns,
    clusterDomain: config.clusterDomain,
    nodeResolvConf: await readFile(config.resolvConf, 'utf8').catch(() => ''),
  };
  const sources = createSourceCache(client, logger, signal);
  const getServices = () => [...serviceInformer.items.values()];
  const { allowedUnsafeSysctls } = config;
  const shared = { allowedUnsafeSysctls, client, runtime, images, prober, events, statuses, sources, dns, logger };
  const syncLoop = startSyncLoop({ client, deps: { ...shared, ...node, services: getServices }, signal });
  return syncLoop;
};

const podLookup = (syncLoop: SyncLoop, runtime: CrunRuntime): PodLookup => ({
  all: () => [...syncLoop.workers.values()].map(({ pod }) => pod),
  find: syncLoop.find,
  sandbox(namespace, name) {
    const uid = syncLoop.find(namespace, name)?.metadata.uid;
    return runtime.sandboxes().find(({ pod }) => pod.uid === uid);
  },
  runtime,
});

const readTls = async (config: KubeletConfig, rootFolder: string) => {
  const { tlsCertFile, tlsPrivateKeyFile, clientCaFile } = config;
  const [cert, key, clientCa] = await Promise.all(
    [
      tlsCertFile ?? join(rootFolder, 'pki/kubelet.crt'),
      tlsPrivateKeyFile ?? join(rootFolder, 'pki/kubelet.key'),
      clientCaFile ?? join(nodePaths.pki, 'ca.crt'),
    ].map((file) => readFile(file, 'utf8')),
  );
  return { cert: cert ?? '', key: key ?? '', clientCa: clientCa ?? '' };
};

void runComponent('kubelet', main);
