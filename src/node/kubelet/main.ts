// The kubelet's entry point: reads the configuration and connects the rooms.
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { nodePaths } from '../../api/paths.ts';
import { services } from '../../api/resources.ts';
import { kubernetesVersion } from '../../api/version.ts';
import { createClient } from '../client/client.ts';
import { createEventRecorder } from '../client/events.ts';
import { createInformer } from '../client/informer.ts';
import { parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { createCniExecutor } from '../sys/cni.ts';
import { type KubeletConfig, kubeletFlags, parseKubeletConfig, parseLabels, parseTaint } from './config.ts';
import { createSourceCache } from './container/source-cache.ts';
import { startNodeAgent } from './node/agent.ts';
import { readMachine } from './node/machine.ts';
import { killContainersWithoutHandler } from './node/shutdown.ts';
import { createPodEvents } from './pod/events.ts';
import { createStatusWriter } from './pod/status-writer.ts';
import { startSyncLoop } from './pod/sync-loop.ts';
import { createProber } from './probe/prober.ts';
import { createCrunRuntime } from './runtime/crun-runtime.ts';
import { createImageStore } from './runtime/images.ts';
import { parseBoundingSet } from './runtime/oci.ts';
import { startHealthServer, startKubeletServer } from './server/server.ts';

/** On a tmpfs: the state goes with the containers when the node restarts. */
const stateFolder = '/run/kubelet';

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(kubeletFlags, argv);
  const config = parseKubeletConfig(flags.config ?? '', flags.config ? await readFile(flags.config, 'utf8') : '');
  const labels = parseLabels(flags['node-labels'] ?? []);
  const taints = (flags['register-with-taints'] ?? []).map(parseTaint);
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'kubelet' });
  const name = flags['hostname-override'] || hostname();
  const ip = flags['node-ip'] ?? '127.0.0.1';
  const rootFolder = flags['root-dir'] ?? nodePaths.kubelet;
  await mkdir(join(rootFolder, 'pods'), { recursive: true });

  const client = createClient({ kubeconfig: flags.kubeconfig ?? `${nodePaths.kubernetes}/kubelet.conf` });
  const recorder = createEventRecorder(client, { component: 'kubelet', host: name, logger });
  const events = createPodEvents(recorder);
  const images = createImageStore(flags['image-store'] ?? '');
  const cniConfigFolder = nodePaths.cniConfig;

  const machine = await readMachine({ name, ip, maxPods: config.maxPods, port: config.port, rootFolder });
  startNodeAgent({ client, machine, labels, taints, images, cniConfigFolder, logger, signal });
  const runtime = await createCrunRuntime({
    stateFolder,
    logFolder: nodePaths.podLogs,
    cniConfigFolder,
    cni: createCniExecutor(nodePaths.cniPlugins),
    rootfsOf: images.rootfs,
    boundingCapabilities: parseBoundingSet(await readFile('/proc/self/status', 'utf8')),
    logSizeMax: config.containerLogMaxBytes,
    logger,
    signal,
  });
  const serviceInformer = createInformer(client, services, { logger, signal });
  const prober = createProber({
    exec: runtime.exec,
    onChange: (uid) => syncLoop.trigger(uid),
    onFailure: (pod, container, message) => events.container(pod, container.name, 'Warning', 'Unhealthy', message),
  });
  const syncLoop = startSyncLoop({
    client,
    signal,
    deps: {
      client,
      runtime,
      images,
      prober,
      events,
      statuses: createStatusWriter({
        client,
        signal,
        onError: (pod, error) => logger.error('Failed to update status for pod', error, { podUID: pod }),
      }),
      sources: createSourceCache(client, logger, signal),
      services: () => [...serviceInformer.items.values()],
      dns: {
        clusterDns: config.clusterDns,
        clusterDomain: config.clusterDomain,
        nodeResolvConf: await readFile(config.resolvConf, 'utf8').catch(() => ''),
      },
      nodeName: name,
      nodeIp: ip,
      podsFolder: join(rootFolder, 'pods'),
      logger,
    },
  });
  if (config.healthzPort > 0) startHealthServer(config.healthzBindAddress, config.healthzPort, signal);
  await startKubeletServer({
    listen: { host: config.address, port: config.port },
    tls: await readTls(config, rootFolder),
    pods: {
      all: () => [...syncLoop.workers.values()].map(({ pod }) => pod),
      find: syncLoop.find,
      sandbox: (namespace, podName) => {
        const uid = syncLoop.find(namespace, podName)?.metadata.uid;
        return runtime.sandboxes().find(({ pod }) => pod.uid === uid);
      },
      runtime,
    },
    ttyFolder: `${stateFolder}/tty`,
    logger,
    signal,
  });
  logger.info(0, 'Started kubelet', { node: name, version: kubernetesVersion });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await killContainersWithoutHandler(runtime);
};

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
