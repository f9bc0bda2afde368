// The content of the files that every container gets: /etc/hosts and /etc/hostname. Pure.
// resolv-conf.ts has /etc/resolv.conf, and files-writer.ts writes the files.
import type { Pod } from '../../../api/core-pods.ts';

/** @returns `spec.hostname`, else the pod's name; cut to 63 characters, the limit of a DNS label */
export const podHostname = ({ metadata, spec }: Pod): string =>
  (spec.hostname || metadata.name).slice(0, 63).replace(/[-.]+$/, '');

/** @returns the full name of a pod with a subdomain; undefined for others */
const fullName = (pod: Pod, clusterDomain: string): string | undefined => {
  const { subdomain } = pod.spec;
  const domain = `${subdomain}.${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}`;
  return subdomain ? `${podHostname(pod)}.${domain}` : undefined;
};

/** The kernel's limit for host names. */
const longestHostname = 64;

/**
 * @returns the name that the pod's kernel knows. With `setHostnameAsFQDN`, this is the full name.
 * @throws Error when the name is too long
 */
export const kernelHostname = (pod: Pod, clusterDomain: string): string => {
  const short = podHostname(pod);
  if (!pod.spec.setHostnameAsFQDN) return short;
  const full = fullName(pod, clusterDomain) ?? short;
  if (full.length <= longestHostname) return full;
  const limits = `(${longestHostname} characters is the max, ${full.length} characters requested)`;
  throw new Error(`failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long ${limits}`);
};

/** @param content of the node's own file. Pods on the node's network get it with their aliases. */
export const nodeHostsFile = (pod: Pod, content: string): string =>
  `# Kubernetes-managed hosts file (host network).\n${content}${aliasLines(pod)}`;

const aliasLines = ({ spec }: Pod): string => {
  const lines = (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return lines.length > 0 ? `\n# Entries added by HostAliases.\n${lines.join('')}` : '';
};

export const hostsFile = (pod: Pod, podIp: string, clusterDomain: string): string => {
  const full = fullName(pod, clusterDomain);
  const names = full ? `${full}\t${podHostname(pod)}` : podHostname(pod);
  return `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
${podIp}\t${names}
${aliasLines(pod)}`;
};
