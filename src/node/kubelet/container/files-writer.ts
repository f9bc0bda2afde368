// Writes a pod's /etc/hosts, /etc/hostname and /etc/resolv.conf to the node's disk. The pod's containers mount them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../../api/core-pods.ts';
import type { ContainerMount } from '../runtime/runtime.ts';
import { hostsFile, kernelHostname, nodeHostsFile } from './files.ts';
import { type DnsSettings, resolvConf } from './resolv-conf.ts';

export interface PodFilesOptions {
  /** /var/lib/kubelet/pods */
  readonly podsFolder: string;
  readonly dns: DnsSettings;
  readonly nodeName: string;
}

/** @returns the mounts of the files, except where the container's own `volumeMounts` use the same path */
export const writePodFiles = async (
  { podsFolder, dns, nodeName }: PodFilesOptions,
  pod: Pod,
  podIp: string,
  container: Container,
): Promise<ContainerMount[]> => {
  const folder = join(podsFolder, pod.metadata.uid ?? '');
  const { hostNetwork } = pod.spec;
  const files = [
    {
      name: 'etc-hosts',
      target: '/etc/hosts',
      content: hostNetwork
        ? nodeHostsFile(pod, await readFile('/etc/hosts', 'utf8'))
        : hostsFile(pod, podIp, dns.clusterDomain),
    },
    {
      name: 'hostname',
      target: '/etc/hostname',
      content: `${hostNetwork ? nodeName : kernelHostname(pod, dns.clusterDomain)}\n`,
    },
    { name: 'resolv.conf', target: '/etc/resolv.conf', content: resolvConf(pod, dns) },
  ];
  await mkdir(folder, { recursive: true });
  for (const { name, content } of files) await writeFile(join(folder, name), content, { mode: 0o644 });
  const own = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
  return files
    .filter(({ target }) => !own.has(target))
    .map(({ name, target }) => ({ source: join(folder, name), target, readOnly: false }));
};
