// What nodes need of the kernel. Each probe runs as root of a node, which is root in a user namespace only.
import type { QueueKind } from '../../api/wiring.ts';
import type { KernelProbe } from './probe.ts';

export const kernelModule = (name: string): string =>
  `Load the kernel module on the engine's machine: sudo modprobe ${name}. ` +
  'To load it at each boot, add its name to /etc/modules-load.d/labs.conf.';

const rule = (what: string): string => `iptables -w -t nat -A PROBE -p tcp ${what}`;

/**
 * Nodes limit containers by cgroup2, or by cgroup v1 where the controller is there. Controllers of v1 that share a
 * hierarchy can only be mounted together.
 */
const limitProbe = (controller: 'memory' | 'cpu'): KernelProbe => ({
  name: `${controller} limits`,
  script: `grep -qw ${controller} /tmp/cg/cgroup.controllers || {
    set=$(cut -d: -f2 /proc/self/cgroup | grep -Ex '(.*,)?${controller}(,.*)?')
    [ -n "$set" ] && mkdir -p /tmp/cg-${controller} && mount -t cgroup -o "$set" none /tmp/cg-${controller}
  }`,
  otherwise: 'warning',
  remedy:
    `Without the ${controller} controller, labs runs, and ${controller} limits of containers have no effect. ` +
    `Enable it with the kernel parameter cgroup_enable=${controller}, or switch the machine to cgroup v2.`,
});

/** Of a link between two machines of a lab, whose first end is `pve0`. */
export const vethProbe: KernelProbe = {
  name: 'veth',
  script: 'ip link add pve0 type veth peer name pve1',
  otherwise: 'failure',
  remedy: kernelModule('veth'),
};

export const queueProbes: Readonly<Record<QueueKind, KernelProbe>> = {
  netem: {
    name: 'netem',
    script: 'tc qdisc replace dev pve0 root netem rate 1mbit delay 1ms 1ms loss 1%',
    otherwise: 'warning',
    remedy: `Only labs whose links have a delay or a loss need it. ${kernelModule('sch_netem')}`,
  },
  tbf: {
    name: 'tbf',
    script: 'tc qdisc replace dev pve0 root tbf rate 1mbit burst 2000 limit 20000',
    otherwise: 'warning',
    remedy: `Only labs whose links have a rate need it. ${kernelModule('sch_tbf')}`,
  },
};

/** Links are made by the fabric, which is root of the engine's machine. */
export const linkProbes: readonly KernelProbe[] = [vethProbe, queueProbes.netem, queueProbes.tbf];

/** In the order in which they run: later probes use the chains and links of earlier ones. */
export const nodeProbes: readonly KernelProbe[] = [
  { name: 'bridge', script: 'ip link add pbr0 type bridge', otherwise: 'failure', remedy: kernelModule('bridge') },
  {
    name: 'network namespaces',
    script: 'unshare --net true',
    otherwise: 'failure',
    remedy: 'Allow CAP_SYS_ADMIN in containers. labs does not run on an engine that forbids namespaces.',
  },
  {
    name: 'overlay',
    // In a user namespace, as the kubelet does it for a container.
    script: `
      mkdir -p /tmp/o/l /tmp/o/u /tmp/o/w /tmp/o/m && cd /tmp/o || exit 1
      marks=
      grep -q 4294967295 /proc/self/uid_map || marks=,userxattr
      mount -t overlay -o lowerdir=l,upperdir=u,workdir=w$marks o m`,
    otherwise: 'failure',
    remedy: kernelModule('overlay'),
  },
  {
    name: 'cgroup2',
    script: 'mkdir -p /tmp/cg && mount -t cgroup2 none /tmp/cg',
    otherwise: 'failure',
    remedy: 'Update the kernel to 4.15 or newer. systemd in the nodes needs a cgroup2 mount.',
  },
  ...(['memory', 'cpu'] as const).map(limitProbe),
  {
    name: 'br_netfilter',
    script: 'test -e /proc/sys/net/bridge/bridge-nf-call-iptables',
    otherwise: 'failure',
    remedy: kernelModule('br_netfilter'),
  },
  { name: 'iptables', script: 'iptables -w -t nat -N PROBE', otherwise: 'failure', remedy: kernelModule('nf_tables') },
  {
    name: 'iptables comment',
    script: rule('-m comment --comment x'),
    otherwise: 'failure',
    remedy: kernelModule('xt_comment'),
  },
  {
    name: 'iptables conntrack',
    script: rule('-m conntrack --ctstate NEW'),
    otherwise: 'failure',
    remedy: kernelModule('xt_conntrack'),
  },
  {
    name: 'iptables statistic',
    script: rule('-m statistic --mode random --probability 0.5'),
    otherwise: 'failure',
    remedy: kernelModule('xt_statistic'),
  },
  {
    name: 'iptables recent',
    script: rule('-m recent --name PROBE --set'),
    otherwise: 'failure',
    remedy: `Session affinity needs it. ${kernelModule('xt_recent')}`,
  },
  {
    name: 'iptables addrtype',
    script: rule('-m addrtype --dst-type LOCAL'),
    otherwise: 'failure',
    remedy: kernelModule('xt_addrtype'),
  },
  {
    name: 'iptables mark',
    script: rule('-j MARK --set-xmark 0x4000/0x4000'),
    otherwise: 'failure',
    remedy: kernelModule('xt_mark'),
  },
  {
    name: 'iptables MASQUERADE',
    script: 'iptables -w -t nat -A POSTROUTING -j MASQUERADE --random-fully',
    otherwise: 'failure',
    remedy: kernelModule('xt_MASQUERADE'),
  },
  {
    name: 'iptables DNAT',
    script: rule('-j DNAT --to-destination 10.0.0.1:80'),
    otherwise: 'failure',
    remedy: kernelModule('xt_nat'),
  },
  {
    name: 'iptables nfacct',
    script: 'nfacct add probe && iptables -w -t filter -A FORWARD -m nfacct --nfacct-name probe',
    otherwise: 'warning',
    remedy: `Only kube-proxy's counters of dropped packets need it. ${kernelModule('xt_nfacct')}`,
  },
  { name: 'conntrack', script: 'conntrack -L', otherwise: 'failure', remedy: kernelModule('nf_conntrack_netlink') },
  {
    name: 'vxlan',
    script: 'ip link add pvx0 type vxlan id 1 dstport 4789 local 127.0.0.1',
    otherwise: 'warning',
    remedy: `Only labs with a VXLAN pod network need it. ${kernelModule('vxlan')}`,
  },
  {
    name: 'nftables',
    script: 'nft add table ip probe',
    otherwise: 'warning',
    remedy: `Only kube-proxy's nftables mode needs it. ${kernelModule('nf_tables')}`,
  },
  {
    name: 'ipset',
    script: 'ipset create probe hash:ip',
    otherwise: 'warning',
    remedy: `Only kube-proxy's ipvs mode needs it. ${kernelModule('ip_set')}`,
  },
  {
    name: 'ip_vs',
    script: 'ipvsadm -Ln',
    otherwise: 'warning',
    remedy: `Only kube-proxy's ipvs mode needs it. ${kernelModule('ip_vs')}`,
  },
];
