// kube-proxy's command line. Flags have no defaults here: what isn't given leaves the config file's word.
import type { FlagSpec, FlagSpecs } from '../../component/flags.ts';

type Type = FlagSpec['type'];

/** @param unset what applies when neither flag nor file say anything; only printed */
const flag = <T extends Type>(type: T, help: string, unset?: string) =>
  ({ type, help, ...(unset === undefined ? {} : { unset }) }) as const;

const withGroup = <S extends FlagSpecs>(group: string, specs: S): S =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, group }])) as unknown as S;

const general = withGroup('General', {
  config: flag('string', 'Path of a KubeProxyConfiguration file. Flags win over it.'),
  'write-config-to': flag('string', 'Writes the configuration as it would be used to a file, and exits.'),
  cleanup: flag('boolean', 'Removes all rules of kube-proxy and exits.'),
  'init-only': flag('boolean', 'Sets up what needs privileges, and exits.'),
  'hostname-override': flag('string', 'Name of this node instead of its host name.'),
  'oom-score-adj': flag('int', 'oom_score_adj of this process, -1000 to 1000.', '-999'),
  help: { ...flag('boolean', 'Prints this.'), short: 'h' },
  version: flag('boolean', 'Prints the version.'),
});

const connection = withGroup('API server', {
  kubeconfig: flag('string', 'Path of a kubeconfig file. Without it and --master, the way out of a pod is taken.'),
  master: flag('string', "Address of the API server, instead of the kubeconfig's."),
});

const mode = withGroup('Mode and rules', {
  'proxy-mode': flag('string', 'iptables (the default), ipvs, nftables or userspace.'),
  'cluster-cidr': flag('string', 'CIDR range of the pods in the cluster, or one per family, comma separated.'),
  'detect-local-mode': flag(
    'string',
    'How pods of this node are told: ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix.',
    'ClusterCIDR',
  ),
  'pod-bridge-interface': flag('string', "The bridge of this node's pods, for --detect-local-mode=BridgeInterface."),
  'pod-interface-name-prefix': flag(
    'string',
    'How the names of pod interfaces start, for --detect-local-mode=InterfaceNamePrefix.',
  ),
  'masquerade-all': flag('boolean', 'Masquerades all traffic to cluster IPs.'),
  'nodeport-addresses': flag(
    'list',
    'CIDRs of the node addresses at which node ports answer, or "primary". Not given: all.',
  ),
  'iptables-localhost-nodeports': flag('boolean', 'Lets node ports answer on 127.0.0.1.', 'true'),
  'iptables-masquerade-bit': flag('int', 'Bit of the packet mark for packets to masquerade, 0 to 31.', '14'),
  'iptables-min-sync-period': flag(
    'duration',
    'Least time between two updates of rules; two may follow each other at once. Not given: adapts to how long updates take.',
    '1s',
  ),
  'iptables-sync-period': flag('duration', 'How often it is looked whether somebody deleted our chains.', '30s'),
});

const ipvs = withGroup('ipvs mode', {
  'ipvs-exclude-cidrs': flag('list', 'CIDRs whose virtual servers are left alone.'),
  'ipvs-min-sync-period': flag('duration', 'As --iptables-min-sync-period.', '1s'),
  'ipvs-scheduler': flag('string', "How a connection's endpoint is chosen, e.g. rr, lc, sh."),
  'ipvs-strict-arp': flag('boolean', 'Answers ARP only for addresses of the interface that was asked.'),
  'ipvs-sync-period': flag('duration', 'As --iptables-sync-period.', '30s'),
  'ipvs-tcp-timeout': flag('duration', "Timeout of idle TCP connections; 0 leaves the kernel's."),
  'ipvs-tcpfin-timeout': flag('duration', "Timeout of TCP connections after FIN; 0 leaves the kernel's."),
  'ipvs-udp-timeout': flag('duration', "Timeout of UDP flows; 0 leaves the kernel's."),
});

const conntrack = withGroup('Connection tracking', {
  'conntrack-max-per-core': flag('int', 'Connections to track per core; 0 leaves the limit as it is.', '32768'),
  'conntrack-min': flag('int', 'Connections to track at least.', '131072'),
  'conntrack-tcp-be-liberal': flag('boolean', 'Lets packets pass that conntrack finds out of window.'),
  'conntrack-tcp-timeout-close-wait': flag('duration', 'Timeout of TCP connections in CLOSE_WAIT.', '1h0m0s'),
  'conntrack-tcp-timeout-established': flag('duration', 'Idle timeout of established TCP connections.', '24h0m0s'),
  'conntrack-udp-timeout': flag('duration', "Timeout of unanswered UDP flows; 0 leaves the kernel's."),
  'conntrack-udp-timeout-stream': flag('duration', "Timeout of answered UDP flows; 0 leaves the kernel's."),
});

const serving = withGroup('Health and metrics', {
  'bind-address': flag('string', 'Primary address of this node; a wildcard only tells the family.', '0.0.0.0'),
  'bind-address-hard-fail': flag('boolean', 'A port that cannot be listened on is fatal.'),
  'healthz-bind-address': flag('string', 'Where /healthz and /livez answer; empty for nowhere.', '0.0.0.0:10256'),
  'healthz-port': flag('int', 'Port of the health server; 0 for none.', '10256'),
  'metrics-bind-address': flag('string', 'Where /metrics, /proxyMode and /configz answer.', '127.0.0.1:10249'),
  'metrics-port': flag('int', 'Port of the metrics server; 0 for none.', '10249'),
});

const logging = withGroup('Logging', {
  v: { ...flag('int', 'How much to log: the higher, the more.', '0'), short: 'v' },
  vmodule: flag('string', "Verbosity by source file, e.g. proxier=4,config=2. The names are the original's."),
  'logging-format': flag('string', 'text or json.', 'text'),
  'log-file': flag('string', 'Logs to this file; add --alsologtostderr to have both.'),
  alsologtostderr: flag('boolean', 'Logs to standard error as well as to --log-file.'),
});

const userspace = withGroup('userspace mode', {
  'proxy-port-range': flag('string', 'Where ports of services are opened, as from-to. Not given: anywhere.'),
  'udp-timeout': flag('duration', 'How long the socket of an idle UDP flow is kept.', '250ms'),
});

/** Flag → why it changes nothing here. */
const reasons = {
  'boot-id-file': flag('string', 'nobody reports the machine here', '/proc/sys/kernel/random/boot_id'),
  'machine-id-file': flag('string', 'nobody reports the machine here', '/etc/machine-id,/var/lib/dbus/machine-id'),
  'config-sync-period': flag('duration', 'the whole state is always at hand, so nothing needs refreshing', '15m0s'),
  'feature-gates': flag('string', 'there are no features to switch'),
  'kube-api-burst': flag('int', 'three watches need no limit', '10'),
  'kube-api-qps': flag('float', 'three watches need no limit', '5'),
  'kube-api-content-type': flag('string', 'objects come as JSON', 'application/vnd.kubernetes.protobuf'),
  'log-flush-frequency': flag('duration', 'each line is written at once', '5s'),
  'log-json-info-buffer-size': flag('string', 'each line is written at once', '0'),
  'log-json-split-stream': flag('boolean', 'all lines go to one stream'),
  'log-text-info-buffer-size': flag('string', 'each line is written at once', '0'),
  'log-text-split-stream': flag('boolean', 'all lines go to one stream'),
  profiling: flag('boolean', 'Node has its own profiler: node --cpu-prof, or SIGUSR1'),
  'show-hidden-metrics-for-version': flag('string', 'no metric is hidden'),
  'cleanup-ipvs': flag('boolean', '--cleanup removes the rules of every mode', 'true'),
  'log-dir': flag('string', 'use --log-file'),
  logtostderr: flag('boolean', 'without --log-file, all lines go there anyway', 'true'),
} as const satisfies FlagSpecs;

const withoutEffect = withGroup(
  'Accepted and without effect',
  Object.fromEntries(
    Object.entries(reasons).map(([name, spec]) => [name, { ...spec, help: `Without effect: ${spec.help}.` }]),
  ) as unknown as typeof reasons,
);

export const flagSpecs = {
  ...general,
  ...connection,
  ...mode,
  ...conntrack,
  ...serving,
  ...logging,
  ...ipvs,
  ...userspace,
  ...withoutEffect,
} as const satisfies FlagSpecs;

export type FlagName = keyof typeof flagSpecs;

/** Flags that older versions had, and those of klog: the original doesn't list them in its log. */
export const legacyFlags: ReadonlySet<string> = new Set([
  ...Object.keys(userspace),
  ...['alsologtostderr', 'cleanup-ipvs', 'log-dir', 'log-file', 'logtostderr'],
]);

/** Why a flag changes nothing; undefined: it does. */
export const whyWithoutEffect = (name: string): string | undefined =>
  Object.hasOwn(reasons, name) ? reasons[name as keyof typeof reasons].help : undefined;
