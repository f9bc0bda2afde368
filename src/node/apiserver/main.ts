// kube-apiserver: wires log → store → admission → routes → HTTPS, in the order of a write's path.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describeFlags } from '../component/flag-text.ts';
import { type Flags, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { createIpAllocator } from './admission/ip-allocator.ts';
import { createPortAllocator, parsePortRange } from './admission/port-allocator.ts';
import { bootstrap } from './bootstrap.ts';
import { flagSpecs } from './flags.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createMetrics } from './metrics.ts';
import type { Api } from './routes/request.ts';
import { startServer } from './server.ts';
import { parseServiceRange } from './service-range.ts';
import { openLog } from './store/log.ts';
import { openStore } from './store/store.ts';

/** Where the original says the same, its source file stands in the line's header. */
const logSource = (message: string): string =>
  ({
    'Serving securely': 'secure_serving.go:213',
    'allocated clusterIPs': 'alloc.go:330',
    HTTP: 'httplog.go:134',
  })[message] ?? 'server';

const fileOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : readFileSync(path, 'utf8');

const requiredFile = (flags: Flags<typeof flagSpecs>, name: 'tls-cert-file' | 'tls-private-key-file'): string => {
  const text = fileOf(flags[name]);
  if (text === undefined) throw new Error(`--${name} is required`);
  return text;
};

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help) {
    process.stdout.write(`Usage:\n  kube-apiserver [flags]\n\nFlags:\n${describeFlags(flagSpecs)}\n`);
    return;
  }
  const logger = createKlog({ verbosity: flags.v ?? 0, source: logSource });
  const tls = { cert: requiredFile(flags, 'tls-cert-file'), key: requiredFile(flags, 'tls-private-key-file') };
  const endpoint = { host: flags['advertise-address'] ?? firstAddress(), port: flags['secure-port'] ?? 6443 };
  const api = wireApi(flags, { address: `${endpoint.host}:${endpoint.port}`, logger, signal });
  const { store } = api;
  const repair = (): void => {
    try {
      bootstrap(api, endpoint.host, endpoint.port);
    } catch (error) {
      logger.error("Couldn't mend the kubernetes service", error);
    }
  };
  repair();
  const bind = { host: flags['bind-address'] ?? '0.0.0.0', port: endpoint.port };
  const server = await startServer(api, { ...bind, ...tls, clientCa: fileOf(flags['client-ca-file']) });
  startHousekeeping({ store, repair, signal, logger });
  logger.info(0, 'Serving securely', {
    address: `${bind.host}:${bind.port}`,
    serviceClusterIPRange: api.clusterIps.range,
    revision: store.revision,
  });
  await aborted(signal);
  logger.info(0, 'Shutting down');
  await server.stop();
  store.close();
};

const wireApi = (flags: Flags<typeof flagSpecs>, shared: Pick<Api, 'address' | 'logger' | 'signal'>): Api => {
  // Both ranges are read before the store is opened: a bad flag leaves nothing behind.
  const range = parseServiceRange(flags['service-cluster-ip-range'] ?? '');
  const ports = parsePortRange(flags['service-node-port-range'] ?? '');
  return {
    ...shared,
    store: openStore(openLog(flags['data-dir'] ?? '')),
    clusterIps: createIpAllocator(range),
    nodePorts: createPortAllocator(ports),
    kubelet: {
      cert: fileOf(flags['kubelet-client-certificate']),
      key: fileOf(flags['kubelet-client-key']),
      ca: fileOf(flags['kubelet-certificate-authority']),
    },
    metrics: createMetrics(),
  };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Where the flag is missing, the first address that isn't loopback, as the original chooses. */
const firstAddress = (): string => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
};

void runComponent('kube-apiserver', main);
