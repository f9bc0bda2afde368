// The kubelet's flags and its configuration file (KubeletConfiguration, kubelet.config.k8s.io/v1beta1). Pure.
import { parseDocument } from 'yaml';
import type { Taint } from '../../api/core.ts';
import { kubeletConfigVersion } from '../../api/version.ts';
import type { FlagSpecs } from '../component/flags.ts';

export const kubeletFlags = {
  kubeconfig: { type: 'string', help: 'Path to a kubeconfig file, specifying how to connect to the API server.' },
  config: { type: 'string', help: 'The Kubelet will load its initial configuration from this file.' },
  'hostname-override': {
    type: 'string',
    help: 'If non-empty, will use this string as identification instead of the actual hostname.',
  },
  'node-ip': { type: 'string', help: 'IP address of the node.' },
  'node-labels': { type: 'list', help: 'Labels to add when registering the node in the cluster: key=value pairs.' },
  'register-with-taints': {
    type: 'list',
    help: 'Register the node with the given list of taints: <key>=<value>:<effect>.',
  },
  'root-dir': { type: 'string', default: '/var/lib/kubelet', help: 'Directory path for managing kubelet files.' },
  'image-store': { type: 'string', default: '/var/lib/images', help: 'The folder with the images that pods can use.' },
  v: { type: 'int', short: 'v', default: '0', help: 'Number for the log level verbosity.' },
} as const satisfies FlagSpecs;

export interface KubeletConfig {
  readonly address: string;
  readonly port: number;
  readonly healthzBindAddress: string;
  /** 0 for no health endpoint. */
  readonly healthzPort: number;
  readonly clientCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly maxPods: number;
  readonly resolvConf: string;
  readonly containerLogMaxBytes: number;
  readonly allowedUnsafeSysctls: readonly string[];
}

/** A wrong flag or configuration file. The message names the flag, or the file and the field. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @param text the file's content; empty for the defaults. @throws ConfigError */
export const parseKubeletConfig = (file: string, text: string): KubeletConfig => {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw new ConfigError(`failed to load kubelet config file, path: ${file}: ${problem.message}`);
  const value: unknown = document.toJS() ?? {};
  const fail = (what: string): never => {
    throw new ConfigError(`failed to load kubelet config file, path: ${file}: ${what}`);
  };
  if (!isObject(value)) return fail('it must be a mapping of field names to values');
  if (text.trim() !== '' && value.kind !== 'KubeletConfiguration')
    fail(`kind must be KubeletConfiguration, not ${JSON.stringify(value.kind)}`);
  if (text.trim() !== '' && value.apiVersion !== kubeletConfigVersion) {
    fail(`apiVersion must be ${kubeletConfigVersion}, not ${JSON.stringify(value.apiVersion)}`);
  }
  for (const name of Object.keys(value))
    if (!knownFields.has(name)) fail(`strict decoding error: unknown field "${name}"`);
  return settingsFrom(createReader(value, fail));
};

/** The settings with which this kubelet runs, as `/configz` shows them: defaults included, named as in the file. */
export const runningConfig = (config: KubeletConfig): Readonly<Record<string, unknown>> => {
  const { clusterDns, containerLogMaxBytes, clientCaFile, ...same } = config;
  return {
    kind: 'KubeletConfiguration',
    apiVersion: kubeletConfigVersion,
    ...same,
    ...(clientCaFile === undefined ? {} : { authentication: { x509: { clientCAFile: clientCaFile } } }),
    clusterDNS: clusterDns,
    containerLogMaxSize: String(containerLogMaxBytes),
  };
};

const settingsFrom = (read: Reader): KubeletConfig => {
  const clientCaFile = read.text('authentication.x509.clientCAFile');
  const tlsCertFile = read.text('tlsCertFile');
  const tlsPrivateKeyFile = read.text('tlsPrivateKeyFile');
  return {
    address: read.text('address') ?? '0.0.0.0',
    port: read.number('port') ?? 10_250,
    healthzBindAddress: read.text('healthzBindAddress') ?? '127.0.0.1',
    healthzPort: read.number('healthzPort') ?? 10_248,
    ...(clientCaFile === undefined ? {} : { clientCaFile }),
    ...(tlsCertFile === undefined ? {} : { tlsCertFile }),
    ...(tlsPrivateKeyFile === undefined ? {} : { tlsPrivateKeyFile }),
    clusterDns: read.list('clusterDNS') ?? [],
    clusterDomain: read.text('clusterDomain') ?? 'cluster.local',
    maxPods: read.number('maxPods') ?? 110,
    resolvConf: read.text('resolvConf') ?? '/etc/resolv.conf',
    allowedUnsafeSysctls: read.list('allowedUnsafeSysctls') ?? [],
    containerLogMaxBytes: read.bytes('containerLogMaxSize') ?? 10 * 2 ** 20,
  };
};

interface Reader {
  text(path: string): string | undefined;
  number(path: string): number | undefined;
  list(path: string): readonly string[] | undefined;
  bytes(path: string): number | undefined;
}

const createReader = (root: Record<string, unknown>, fail: (what: string) => never): Reader => {
  const find = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), root) ?? undefined;
  const typed =
    <T>(what: string, is: (value: unknown) => value is T) =>
    (path: string): T | undefined => {
      const value = find(path);
      return value === undefined || is(value) ? value : fail(`${path} must be ${what}, not ${JSON.stringify(value)}`);
    };
  const text = typed('a string', (value): value is string => typeof value === 'string');
  return {
    text,
    number: typed('a whole number', (value): value is number => Number.isInteger(value)),
    list: typed(
      'a list of strings',
      (value): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    ),
    bytes(path) {
      const quantity = text(path);
      const match = /^(\d+)(Ki|Mi|Gi)?$/.exec(quantity ?? '');
      if (quantity !== undefined && !match) fail(`${path} must be a size such as 10Mi, not "${quantity}"`);
      return match ? Number(match[1]) * (units[match[2] ?? ''] ?? 1) : undefined;
    },
  };
};

const units: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param text `<key>=<value>:<effect>`; the value and the equals sign are optional. @throws ConfigError */
export const parseTaint = (text: string): Taint => {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
  if (!match)
    throw new ConfigError(`invalid taint "${text}" in --register-with-taints: it must be <key>=<value>:<effect>`);
  const [, key = '', value, effect] = match;
  return { key, ...(value ? { value } : {}), effect: effect as Taint['effect'] };
};

/** @param list `key=value` pairs. @throws ConfigError */
export const parseLabels = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    list.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 1) throw new ConfigError(`invalid label "${entry}" in --node-labels: it must be key=value`);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );

/** All fields of v1beta1 in the cluster's Kubernetes version. A file may set any field; most have no effect here. */
const knownFields = new Set(
  `apiVersion kind enableServer staticPodPath podLogsDir syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL
  staticPodURLHeader address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsMinVersion rotateCertificates
  serverTLSBootstrap authentication authorization registryPullQPS registryBurst eventRecordQPS eventBurst
  enableDebuggingHandlers enableContentionProfiling healthzPort healthzBindAddress oomScoreAdj clusterDomain clusterDNS
  streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency nodeLeaseDurationSeconds
  imageMinimumGCAge imageMaximumGCAge imageGCHighThresholdPercent imageGCLowThresholdPercent volumeStatsAggPeriod
  kubeletCgroups systemCgroups cgroupRoot cgroupsPerQOS cgroupDriver cpuManagerPolicy cpuManagerPolicyOptions
  cpuManagerReconcilePeriod memoryManagerPolicy topologyManagerPolicy topologyManagerScope topologyManagerPolicyOptions
  qosReserved runtimeRequestTimeout hairpinMode maxPods podCIDR podPidsLimit resolvConf runOnce cpuCFSQuota cpuCFSQuotaPeriod
  nodeStatusMaxImages maxOpenFiles contentType kubeAPIQPS kubeAPIBurst serializeImagePulls maxParallelImagePulls evictionHard
  evictionSoft evictionSoftGracePeriod evictionPressureTransitionPeriod evictionMaxPodGracePeriod evictionMinimumReclaim
  podsPerCore enableControllerAttachDetach protectKernelDefaults makeIPTablesUtilChains iptablesMasqueradeBit
  iptablesDropBit featureGates failSwapOn memorySwap containerLogMaxSize containerLogMaxFiles containerLogMaxWorkers
  containerLogMonitorInterval configMapAndSecretChangeDetectionStrategy systemReserved kubeReserved reservedSystemCPUs
  showHiddenMetricsForVersion systemReservedCgroup kubeReservedCgroup enforceNodeAllocatable allowedUnsafeSysctls
  volumePluginDir providerID kernelMemcgNotification logging enableSystemLogHandler enableSystemLogQuery
  shutdownGracePeriod shutdownGracePeriodCriticalPods shutdownGracePeriodByPodPriority crashLoopBackOff reservedMemory
  enableProfilingHandler enableDebugFlagsHandler seccompDefault memoryThrottlingFactor registerWithTaints registerNode
  tracing localStorageCapacityIsolation containerRuntimeEndpoint imageServiceEndpoint failCgroupV1`.split(/\s+/),
);
