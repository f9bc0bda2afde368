// kube-proxy's command line. Flags have no defaults here: what isn't given leaves the config file's word.
import type { FlagSpecs } from '../component/flags.ts';

const boolean = (help: string) => ({ type: 'boolean', help }) as const;
const text = (help: string) => ({ type: 'string', help }) as const;
const int = (help: string) => ({ type: 'int', help }) as const;
const duration = (help: string) => ({ type: 'duration', help }) as const;
const list = (help: string) => ({ type: 'list', help }) as const;
const ignored = 'Accepted and without effect.';

export const flagSpecs = {
  'bind-address': text(
    'Address that tells the primary IP family; its node address when it is no wildcard. (default 0.0.0.0)',
  ),
  'bind-address-hard-fail': boolean('Treats a port that cannot be listened on as fatal.'),
  cleanup: boolean('Removes all rules of kube-proxy and exits.'),
  'cluster-cidr': text('CIDR range of the pods in the cluster, or one per family, comma separated.'),
  config: text('Path of a KubeProxyConfiguration file. Flags win over it.'),
  'config-sync-period': duration('How often the configuration is refreshed from the API server. (default 15m0s)'),
  'conntrack-max-per-core': int('Maximum number of connections to track per core, 0 to leave it. (default 32768)'),
  'conntrack-min': int('Least number of connections to track. (default 131072)'),
  'conntrack-tcp-be-liberal': boolean('Lets packets pass that conntrack finds out of window.'),
  'conntrack-tcp-timeout-close-wait': duration('Timeout of TCP connections in CLOSE_WAIT. (default 1h0m0s)'),
  'conntrack-tcp-timeout-established': duration('Idle timeout of established TCP connections. (default 24h0m0s)'),
  'conntrack-udp-timeout': duration('Timeout of unanswered UDP flows.'),
  'conntrack-udp-timeout-stream': duration('Timeout of answered UDP flows.'),
  'detect-local-mode': text(
    'How pods of this node are told: ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix. (default ClusterCIDR)',
  ),
  'feature-gates': text(ignored),
  'healthz-bind-address': text('Address and port of /healthz and /livez; empty for none. (default 0.0.0.0:10256)'),
  'healthz-port': int('Port of the health server; 0 for none.'),
  'hostname-override': text('Name of this node instead of its host name.'),
  'init-only': boolean('Sets up what needs privileges, and exits.'),
  'iptables-localhost-nodeports': boolean('Lets node ports answer on 127.0.0.1. (default true)'),
  'iptables-masquerade-bit': int('Bit of the packet mark for packets to masquerade, 0 to 31. (default 14)'),
  'iptables-min-sync-period': duration(
    'Least time between two updates of rules; two may follow each other at once. Not given: adapts to how long updates take, at most 1s.',
  ),
  'iptables-sync-period': duration('How often it is looked whether somebody deleted our chains. (default 30s)'),
  'ipvs-exclude-cidrs': list('CIDRs whose virtual servers ipvs mode leaves alone.'),
  'ipvs-min-sync-period': duration('As --iptables-min-sync-period, for ipvs mode.'),
  'ipvs-scheduler': text('Scheduler of ipvs mode.'),
  'ipvs-strict-arp': boolean('Strict ARP in ipvs mode.'),
  'ipvs-sync-period': duration('As --iptables-sync-period, for ipvs mode.'),
  'ipvs-tcp-timeout': duration('Timeout of idle TCP connections in ipvs mode.'),
  'ipvs-tcpfin-timeout': duration('Timeout of TCP connections after FIN in ipvs mode.'),
  'ipvs-udp-timeout': duration('Timeout of UDP flows in ipvs mode.'),
  'kube-api-burst': int(ignored),
  'kube-api-content-type': text(ignored),
  'kube-api-qps': int(ignored),
  kubeconfig: text('Path of a kubeconfig file with the way to the API server.'),
  'log-flush-frequency': duration(ignored),
  'logging-format': text(ignored),
  'masquerade-all': boolean('Masquerades all traffic to cluster IPs.'),
  master: text("Address of the API server, instead of the kubeconfig's."),
  'metrics-bind-address': text(
    'Address and port of /metrics, /proxyMode and /configz; empty for none. (default 127.0.0.1:10249)',
  ),
  'metrics-port': int('Port of the metrics server; 0 for none.'),
  'nodeport-addresses': list('CIDRs of the node addresses at which node ports answer, or "primary". Default: all.'),
  'oom-score-adj': int('oom_score_adj of this process. (default -999)'),
  'pod-bridge-interface': text('The bridge that pods of this node are on, for --detect-local-mode=BridgeInterface.'),
  'pod-interface-name-prefix': text(
    'How the names of pod interfaces start, for --detect-local-mode=InterfaceNamePrefix.',
  ),
  profiling: boolean(ignored),
  'proxy-mode': text('iptables (default), ipvs, nftables or userspace.'),
  'proxy-port-range': text('Where userspace mode opens its ports, as from-to. (default: any)'),
  'udp-timeout': duration('How long userspace mode keeps the socket of an idle UDP flow. (default 250ms)'),
  'write-config-to': text('Writes the configuration as it would be used to a file, and exits.'),
  v: { type: 'int', help: 'How much to log: the higher, the more.', short: 'v', default: '0' },
  vmodule: text(ignored),
  'log-file': text('Logs to this file; add --alsologtostderr to have both.'),
  'log-dir': text(ignored),
  logtostderr: boolean(ignored),
  alsologtostderr: boolean('Logs to standard error as well as to --log-file.'),
  help: { type: 'boolean', help: 'Prints this.', short: 'h' },
  version: boolean('Prints the version.'),
} as const satisfies FlagSpecs;
