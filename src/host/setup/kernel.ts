// Tries the kernel features that labs needs, in a container with a node's privileges. The container is removed
// afterwards.
import type { QueueKind } from '../../api/wiring.ts';
import { LabError, messageOf } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import { helperName } from '../image/helper.ts';
import { imageLabels } from '../image/names.ts';
import { fabricCapabilities, fabricPrivileges } from '../plan/privileges.ts';
import { gibibyte, type Probe, type ProbeStatus } from './probe.ts';

interface KernelProbe {
  readonly name: string;
  /** A shell script. Its exit code is the result, its output the detail of a failure. */
  readonly script: string;
  /** The status when the script fails. */
  readonly otherwise: ProbeStatus;
  readonly remedy: string;
}

const kernelModule = (name: string): string =>
  `Load the kernel module on the engine's machine: sudo modprobe ${name}. To load it at each boot, add its name to /etc/modules-load.d/labs.conf.`;

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
const vethProbe: KernelProbe = {
  name: 'veth',
  script: 'ip link add pve0 type veth peer name pve1',
  otherwise: 'failure',
  remedy: kernelModule('veth'),
};

const queueProbes: Readonly<Record<QueueKind, KernelProbe>> = {
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

/** In the order in which they run: later probes use the chains and links of earlier ones. */
export const kernelProbes: readonly KernelProbe[] = [
  { name: 'bridge', script: 'ip link add pbr0 type bridge', otherwise: 'failure', remedy: kernelModule('bridge') },
  vethProbe,
  queueProbes.netem,
  queueProbes.tbf,
  {
    name: 'network namespaces',
    script: 'unshare --net true',
    otherwise: 'failure',
    remedy: 'Allow CAP_SYS_ADMIN in containers. labs does not run on an engine that forbids namespaces.',
  },
  {
    name: 'overlay',
    script:
      'mkdir -p /tmp/o/l /tmp/o/u /tmp/o/w /tmp/o/m && mount -t overlay -o lowerdir=/etc,upperdir=/tmp/o/u,workdir=/tmp/o/w o /tmp/o/m',
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

/** Each line with a result begins with this mark, which no program prints. */
const mark = '@labs@';

const measurements = `
echo "${mark} disk $(df -B1 --output=avail / | tail -1)"
echo "${mark} inotify $(cat /proc/sys/fs/inotify/max_user_instances)"
`;

/** Runs all kernel probes in one container, which has a node's privileges. */
export const probeKernel = async (
  docker: Containers,
  image: string,
  signal?: AbortSignal,
): Promise<readonly Probe[]> => {
  const output = await runProbes(docker, image, kernelProbes.map(probeScript).join('') + measurements, signal);
  return typeof output === 'string' ? readAnswers(output) : [output];
};

/** Of these queues, those that the kernel lacks. A container that does not start is no answer about the kernel. */
export const missingQueues = async (
  docker: Containers,
  image: string,
  queues: readonly QueueKind[],
  signal?: AbortSignal,
): Promise<readonly QueueKind[]> => {
  const probes = [vethProbe, ...queues.map((queue) => queueProbes[queue])];
  const output = await runProbes(docker, image, probes.map(probeScript).join(''), signal);
  if (typeof output !== 'string') return [];
  const answers = answersIn(output);
  return queues.filter((_, index) => answers.get(String(index + 1)) !== 'yes');
};

/** @returns the output, or why no container starts */
const runProbes = async (
  docker: Containers,
  image: string,
  script: string,
  signal: AbortSignal | undefined,
): Promise<string | Probe> => {
  const name = helperName();
  await using undo = new UndoStack();
  undo.push('remove the probing container', () => docker.remove(name));
  try {
    await docker.create(
      {
        name,
        image,
        network: 'none',
        command: ['sleep', '600'],
        ...fabricPrivileges,
        cgroupNamespace: 'private',
        tmpfs: { '/run': 'exec', '/tmp': 'exec' },
        labels: { [imageLabels.helper]: new Date().toISOString() },
      },
      signal,
    );
    await docker.start(name, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return refusedContainer(error);
  }
  const { stdout } = await docker.exec(name, { command: ['sh', '-c', script], ...(signal ? { signal } : {}) });
  return stdout;
};

const probeScript = ({ script }: KernelProbe, index: number): string =>
  `if out=$( { ${script}; } 2>&1 ); then echo "${mark} ${index} yes"; else echo "${mark} ${index} no $(echo "$out" | tail -1)"; fi\n`;

/** Parses the container's output into probes. */
export const readAnswers = (output: string): readonly Probe[] => {
  const answers = answersIn(output);
  return [
    { name: 'capabilities', status: 'ok', detail: fabricCapabilities.join(', ') },
    ...kernelProbes.map((probe, index) => kernelAnswer(probe, answers.get(String(index)))),
    diskProbe(Number(answers.get('disk') ?? Number.NaN)),
    inotifyProbe(Number(answers.get('inotify') ?? Number.NaN)),
  ];
};

const answersIn = (output: string): ReadonlyMap<string, string> => {
  const answers = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [, key = '', value = ''] = /^@labs@ (\S+) ?(.*)$/.exec(line) ?? [];
    if (key !== '') answers.set(key, value.trim());
  }
  return answers;
};

const kernelAnswer = ({ name, otherwise, remedy }: KernelProbe, answer: string | undefined): Probe => {
  if (answer === 'yes') return { name, status: 'ok', detail: 'works' };
  const said = answer?.replace(/^no ?/, '') || 'does not work';
  return { name, status: otherwise, detail: said, remedy };
};

const diskProbe = (bytes: number): Probe => {
  const detail = `${(bytes / gibibyte).toFixed(1)} GiB free for Docker`;
  if (bytes >= 2 * gibibyte) return { name: 'disk', status: 'ok', detail };
  const status = bytes >= 0.5 * gibibyte ? 'warning' : 'failure';
  return { name: 'disk', status, detail, remedy: 'Free 2 GB. `docker system df` shows what uses the space.' };
};

const inotifyProbe = (instances: number): Probe => {
  const detail = `${instances} instances per user`;
  if (instances >= 128) return { name: 'inotify', status: 'ok', detail };
  return {
    name: 'inotify',
    status: 'warning',
    detail,
    remedy: 'Run `sudo sysctl fs.inotify.max_user_instances=512`. Otherwise nodes may fail with "too many open files".',
  };
};

const refusedContainer = (error: unknown): Probe => ({
  name: 'capabilities',
  status: 'failure',
  detail: messageOf(error),
  remedy:
    error instanceof LabError && error.code === 'LAB_DISK_FULL'
      ? (error.hint ?? 'Free some space.')
      : `Use a Docker engine without user namespaces that allows the capabilities ${fabricCapabilities.join(', ')}.`,
});
