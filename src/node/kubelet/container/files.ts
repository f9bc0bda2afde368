// The files that the kubelet puts into every container: /etc/hosts, /etc/resolv.conf, and who the user is. Pure.
import type { Pod } from '../../../api/core.ts';
import type { ContainerUser } from '../runtime/runtime.ts';

/** A pod's host name: `spec.hostname`, else its name, cut to 63 characters as Linux and DNS want. */
export const podHostname = ({ metadata, spec }: Pod): string =>
  (spec.hostname || metadata.name).slice(0, 63).replace(/[-.]+$/, '');

export const hostsFile = (pod: Pod, podIp: string, clusterDomain: string): string => {
  const hostname = podHostname(pod);
  const { subdomain } = pod.spec;
  const full = subdomain
    ? `${hostname}.${subdomain}.${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}\t${hostname}`
    : hostname;
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
${podIp}\t${full}
${aliases.length > 0 ? `\n# Entries added by HostAliases.\n${aliases.join('')}` : ''}`;
};

export interface DnsSettings {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own resolv.conf, for dnsPolicy Default and pods on the node's network. */
  readonly nodeResolvConf: string;
}

export const resolvConf = (pod: Pod, dns: DnsSettings): string => {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = pod.spec;
  const fromNode = dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork === true);
  const base =
    dnsPolicy === 'None'
      ? { nameservers: [], searches: [], options: [] }
      : fromNode
        ? parseResolvConf(dns.nodeResolvConf)
        : clusterFirst(pod, dns);
  const nameservers = [...new Set([...base.nameservers, ...(dnsConfig?.nameservers ?? [])])];
  const searches = [...new Set([...base.searches, ...(dnsConfig?.searches ?? [])])];
  const options = mergeOptions(base.options, dnsConfig?.options ?? []);
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
};

const clusterFirst = (pod: Pod, { clusterDns, clusterDomain, nodeResolvConf }: DnsSettings) => ({
  nameservers: [...clusterDns],
  searches: [
    `${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}`,
    `svc.${clusterDomain}`,
    clusterDomain,
    ...parseResolvConf(nodeResolvConf).searches,
  ],
  options: ['ndots:5'],
});

const parseResolvConf = (text: string) => {
  const result = { nameservers: [] as string[], searches: [] as string[], options: [] as string[] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') result.nameservers.push(...values.slice(0, 1));
    if (keyword === 'search') result.searches = values;
    if (keyword === 'options') result.options = values;
  }
  return result;
};

/** The pod's own options win over those of the same name. */
const mergeOptions = (base: readonly string[], own: readonly { name: string; value?: string }[]): string[] => {
  const names = new Set(own.map(({ name }) => name));
  const kept = base.filter((option) => !names.has(option.split(':')[0] ?? ''));
  return [...kept, ...own.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`))];
};

export interface UserContext {
  /** `root`, `1000`, `1000:1000`, `mysql:mysql`, or empty. */
  readonly imageUser: string;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  /** The image's /etc/passwd and /etc/group; empty when it has none. */
  readonly passwd: string;
  readonly group: string;
}

/** Who runs the container, and the home folder that belongs to it. @throws Error when the image has no such user */
export const resolveUser = (context: UserContext): { user: ContainerUser; home: string } => {
  const [imageUser = '', imageGroup = ''] = context.imageUser.split(':');
  const name = context.runAsUser === undefined ? imageUser || '0' : String(context.runAsUser);
  const row = context.passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login, , uid]) => login === name || (/^\d+$/.test(name) && uid === name));
  if (!row && !/^\d+$/.test(name)) throw new Error(`unable to find user ${name}: no matching entries in passwd file`);
  const uid = row ? Number(row[2]) : Number(name);
  const fromImage =
    context.runAsUser === undefined && imageGroup !== '' ? groupId(imageGroup, context.group) : undefined;
  const gid = context.runAsGroup ?? fromImage ?? (row ? Number(row[3]) : 0);
  const memberOf = context.group
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , , members = '']) => row?.[0] !== undefined && members.split(',').includes(row[0]))
    .map(([, , id]) => Number(id));
  const additionalGids = [...new Set([...memberOf, ...context.supplementalGroups])].filter((id) => id !== gid);
  return { user: { uid, gid, additionalGids }, home: row?.[5] || '/' };
};

const groupId = (group: string, table: string): number => {
  if (/^\d+$/.test(group)) return Number(group);
  const row = table
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === group);
  if (!row) throw new Error(`unable to find group ${group}: no matching entries in group file`);
  return Number(row[2]);
};
