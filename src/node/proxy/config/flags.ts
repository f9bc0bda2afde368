// kube-proxy's command line. Flags have no defaults here, so that a missing flag leaves the value of the config file.
import type { FlagSpec, FlagSpecs } from '../../component/flags.ts';

type Type = FlagSpec['type'];

/** @param unset the default that applies if neither flag nor file has a value; only printed */
const flag = <T extends Type>(type: T, help: string, unset?: string) =>
  ({ type, help, ...(unset === undefined ? {} : { unset }) }) as const;

const withGroup = <S extends FlagSpecs>(group: string, specs: S): S =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, group }])) as unknown as S;

const general = withGroup('General', {
  config: flag('string', 'Path of a KubeProxyConfiguration file. Flags win over it.'),
  'write-config-to': flag('string', 'Writes the resulting configuration to a file, and exits.'),
  cleanup: flag('boolean', 'Removes all rules of kube-proxy and exits.'),
  'init-only': flag('boolean', 'Does the set-up that needs privileges, and exits.'),
  'hostname-override': flag('string', 'Name of this node instead of its host name.'),
  'oom-score-adj': flag('int', 'oom_score_adj of this process, -1000 to 1000.', '-999'),
  help: { ...flag('boolean', 'Prints this.'), short: 'h' },
  version: flag('boolean', 'Prints the version.'),
});

const connection = withGroup('API server', {
  kubeconfig: flag(
    'string',
    'Path of a kubeconfig file. Without it and --master, the service account of the pod is used.',
  ),
  master: flag('string', "Address of the API server, instead of the kubeconfig's."),
});

const mode = withGroup('Mode and rules', {
  'proxy-mode': flag('string', 'iptables (the default), ipvs, nftables or userspace.'),
  'cluster-cidr': flag('string', 'CIDR range of the pods in the cluster, or one per family, comma separated.'),
  'detect-local-mode': flag(
    'string',
    'How to recognise pods of this node: ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix.',
    'ClusterCIDR',
  ),
  'pod-bridge-interface': flag('string', "The bridge of this node's pods, for --detect-local-mode=BridgeInterface."),
  'pod-interface-name-prefix': flag(
    'string',
    'Prefix of the names of pod interfaces, for --detect-local-mode=InterfaceNamePrefix.',
  ),
  'masquerade-all': flag('boolean', 'Masquerades all traffic to cluster IPs.'),
  'nodeport-addresses': flag(
    'list',
    'CIDRs of the node addresses at which node ports answer, or "primary". Default: all.',
  ),
  'iptables-localhost-nodeports': flag('boolean', 'Lets node ports answer on 127.0.0.1.', 'true'),
  'iptables-masquerade-bit': flag('int', 'Bit of the packet mark for packets to masquerade, 0 to 31.', '14'),
  'iptables-min-sync-period': flag(
    'duration',
    'Minimum time between two syncs, after a first pair. By default it adapts to the duration of syncs.',
    '1s',
  ),
  'iptables-sync-period': flag('duration', 'How often to check for deleted chains.', '30s'),
});

const ipvs = withGroup('ipvs mode', {
  'ipvs-exclude-cidrs': flag('list', 'CIDRs whose virtual servers stay untouched.'),
  'ipvs-min-sync-period': flag('duration', 'As --iptables-min-sync-period.', '1s'),
  'ipvs-scheduler': flag('string', 'Scheduler that chooses the endpoint, e.g. rr, lc, sh.'),
  'ipvs-strict-arp': flag('boolean', 'Answers ARP only for addresses of the receiving interface.'),
  'ipvs-sync-period': flag('duration', 'As --iptables-sync-period.', '30s'),
  'ipvs-tcp-timeout': flag('duration', "Timeout of idle TCP connections; 0 keeps the kernel's."),
  'ipvs-tcpfin-timeout': flag('duration', "Timeout of TCP connections after FIN; 0 keeps the kernel's."),
  'ipvs-udp-timeout': flag('duration', "Timeout of UDP flows; 0 keeps the kernel's."),
});

const conntrack = withGroup('Connection tracking', {
  'conntrack-max-per-core': flag('int', 'Connections to track per core; 0 keeps the present limit.', '32768'),
  'conntrack-min': flag('int', 'Minimum number of connections to track.', '131072'),
  'conntrack-tcp-be-liberal': flag('boolean', 'Accepts packets that conntrack considers out of window.'),
  'conntrack-tcp-timeout-close-wait': flag('duration', 'Timeout of TCP connections in CLOSE_WAIT.', '1h0m0s'),
  'conntrack-tcp-timeout-established': flag('duration', 'Idle timeout of established TCP connections.', '24h0m0s'),
  'conntrack-udp-timeout': flag('duration', "Timeout of unanswered UDP flows; 0 keeps the kernel's."),
  'conntrack-udp-timeout-stream': flag('duration', "Timeout of answered UDP flows; 0 keeps the kernel's."),
});

const serving = withGroup('Health and metrics', {
  'bind-address': flag('string', 'Primary address of this node; a wildcard only selects the family.', '0.0.0.0'),
  'bind-address-hard-fail': flag('boolean', 'Ends the program if a port cannot be opened.'),
  'healthz-bind-address': flag(
    'string',
    'Address of /healthz and /livez; empty turns the server off.',
    '0.0.0.0:10256',
  ),
  'healthz-port': flag('int', 'Port of the health server; 0 for none.', '10256'),
  'metrics-bind-address': flag('string', 'Address of /metrics, /proxyMode and /configz.', '127.0.0.1:10249'),
  'metrics-port': flag('int', 'Port of the metrics server; 0 for none.', '10249'),
});

const logging = withGroup('Logging', {
  v: { ...flag('int', 'Log verbosity; higher numbers log more.', '0'), short: 'v' },
  vmodule: flag('string', "Verbosity by source file, e.g. proxier=4,config=2. The names are the original's."),
  'logging-format': flag('string', 'text or json.', 'text'),
  'log-file': flag('string', 'Logs to this file; add --alsologtostderr to have both.'),
  alsologtostderr: flag('boolean', 'Logs to standard error as well as to --log-file.'),
});

const userspace = withGroup('userspace mode', {
  'proxy-port-range': flag('string', 'Range of the listening ports, as from-to; without it the kernel chooses.'),
  'udp-timeout': flag('duration', 'Idle time after which a UDP socket is closed.', '250ms'),
});

/** Flags that are accepted without effect, each with the reason as its help text. */
const reasons = {
  'boot-id-file': flag('string', 'machine ids are not reported', '/proc/sys/kernel/random/boot_id'),
  'machine-id-file': flag('string', 'machine ids are not reported', '/etc/machine-id,/var/lib/dbus/machine-id'),
  'config-sync-period': flag('duration', 'watches keep the state current', '15m0s'),
  'feature-gates': flag('string', 'no feature gates exist'),
  'kube-api-burst': flag('int', 'three watches need no rate limit', '10'),
  'kube-api-qps': flag('float', 'three watches need no rate limit', '5'),
  'kube-api-content-type': flag('string', 'objects are transferred as JSON', 'application/vnd.kubernetes.protobuf'),
  'log-flush-frequency': flag('duration', 'each line is written at once', '5s'),
  'log-json-info-buffer-size': flag('string', 'each line is written at once', '0'),
  'log-json-split-stream': flag('boolean', 'all lines go to one stream'),
  'log-text-info-buffer-size': flag('string', 'each line is written at once', '0'),
  'log-text-split-stream': flag('boolean', 'all lines go to one stream'),
  profiling: flag('boolean', 'Node has its own profiler: node --cpu-prof, or SIGUSR1'),
  'show-hidden-metrics-for-version': flag('string', 'no metric is hidden'),
  'cleanup-ipvs': flag('boolean', '--cleanup removes the rules of every mode', 'true'),
  'log-dir': flag('string', 'use --log-file'),
  logtostderr: flag('boolean', 'without --log-file, all lines go to standard error', 'true'),
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

/** Flags of older versions and of klog. The original does not list them in its log. */
export const legacyFlags: ReadonlySet<string> = new Set([
  ...Object.keys(userspace),
  ...['alsologtostderr', 'cleanup-ipvs', 'log-dir', 'log-file', 'logtostderr'],
]);

/** The reason why a flag has no effect; undefined if it has one. */
export const whyWithoutEffect = (name: string): string | undefined =>
  Object.hasOwn(reasons, name) ? reasons[name as keyof typeof reasons].help : undefined;
