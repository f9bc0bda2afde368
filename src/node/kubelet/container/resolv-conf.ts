// The content of a pod's /etc/resolv.conf: the cluster's DNS server, the node's settings, or the pod's own. Pure.
import type { Pod } from '../../../api/core-pods.ts';

export interface DnsSettings {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The content of the node's resolv.conf, for dnsPolicy Default and for pods on the node's network. */
  readonly nodeResolvConf: string;
}

export const resolvConf = (pod: Pod, dns: DnsSettings): string => {
  const { nameservers, searches, options } = applied(wanted(pod, dns));
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
};

/** @returns what the file leaves out, because programs read only so much. Kubernetes' words for an event. */
export const resolvConfProblems = (pod: Pod, dns: DnsSettings): string[] => {
  const all = wanted(pod, dns);
  const { nameservers, searches } = applied(all);
  const problem = (what: string, omitted: string, line: string, list: readonly string[]): string =>
    `${what} limits were exceeded, some ${omitted} have been omitted, the applied ${line} line is: ${list.join(' ')}`;
  return [
    ...(nameservers.length < all.nameservers.length
      ? [problem('Nameserver', 'nameservers', 'nameserver', nameservers)]
      : []),
    ...(searches.length < all.searches.length ? [problem('Search Line', 'search paths', 'search', searches)] : []),
  ];
};

interface Settings {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** The C library reads three name servers. The other limits are Kubernetes'. */
const limits = { nameservers: 3, searches: 32, searchCharacters: 2048 } as const;

const applied = ({ nameservers, searches, options }: Settings): Settings => {
  let kept = searches.slice(0, limits.searches);
  while (kept.join(' ').length > limits.searchCharacters) kept = kept.slice(0, -1);
  return { nameservers: nameservers.slice(0, limits.nameservers), searches: kept, options };
};

const wanted = (pod: Pod, dns: DnsSettings): Settings => {
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
  return { nameservers, searches, options };
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

/** The pod's options replace options of the same name. */
const mergeOptions = (base: readonly string[], own: readonly { name: string; value?: string }[]): string[] => {
  const names = new Set(own.map(({ name }) => name));
  const kept = base.filter((option) => !names.has(option.split(':')[0] ?? ''));
  return [...kept, ...own.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`))];
};
