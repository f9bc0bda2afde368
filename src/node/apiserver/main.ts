// kube-apiserver: reads the flags, opens the store and starts the server.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describeFlags } from '../component/flag-text.ts';
import { type Flags, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { keepIpAddresses } from './allocation/ip-addresses.ts';
import { createIpAllocator } from './allocation/ip-allocator.ts';
import { createPortAllocator, parsePortRange } from './allocation/port-allocator.ts';
import { parseServiceRange } from './allocation/service-range.ts';
import { createJwt, readOrCreateKey, type Tokens } from './auth/jwt.ts';
import { bootstrap } from './bootstrap.ts';
import type { Api } from './exchange/exchange.ts';
import { flagSpecs } from './flags.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createMetrics } from './metrics.ts';
import { startServer } from './server.ts';
import { openLog } from './store/log.ts';
import { openStore } from './store/store.ts';

/** The source in the header of a log line: Kubernetes' source file, for messages that Kubernetes also logs. */
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
  const repairAddresses = keepIpAddresses(api);
  const repair = (): void => {
    try {
      bootstrap(api, endpoint.host, endpoint.port);
      repairAddresses();
    } catch (error) {
      logger.error("Couldn't restore the system namespaces and the kubernetes service", error);
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
  // These flags are parsed before the store is opened, so that a wrong flag leaves no files behind.
  const range = parseServiceRange(flags['service-cluster-ip-range'] ?? '');
  const ports = parsePortRange(flags['service-node-port-range'] ?? '');
  return {
    ...shared,
    store: openStore(openLog(flags['data-dir'] ?? '')),
    clusterIps: createIpAllocator(range),
    nodePorts: createPortAllocator(ports),
    tokens: tokensFor(flags),
    kubelet: {
      cert: fileOf(flags['kubelet-client-certificate']),
      key: fileOf(flags['kubelet-client-key']),
      ca: fileOf(flags['kubelet-certificate-authority']),
    },
    metrics: createMetrics(),
  };
};

/** Called after the store has made the data folder. */
const tokensFor = (flags: Flags<typeof flagSpecs>): Tokens => {
  const { 'service-account-signing-key-file': file, 'service-account-issuer': issuer = '' } = flags;
  const signing = readOrCreateKey(file ?? join(flags['data-dir'] ?? '', 'service-account.key'));
  const verifying = (flags['service-account-key-file'] ?? []).map((path) => readFileSync(path, 'utf8'));
  return { jwt: createJwt({ signing, verifying }), issuer, audiences: flags['api-audiences'] ?? [issuer] };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** The default of --advertise-address: the first address that is not on loopback. */
const firstAddress = (): string => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
};

void runComponent('kube-apiserver', main);
