// A pod's sandbox: a network namespace, visible in `ip netns list`, that the CNI plugins connect to the node.
import { randomBytes, randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import {
  type CniAttachment,
  type CniExecutor,
  type CniNetwork,
  type CniResult,
  loadCniNetwork,
} from '../../sys/cni.ts';
import { addNetns, deleteNetns, netnsPath } from '../../sys/netns.ts';
import type { PodRef, Sandbox, SandboxSpec } from './runtime.ts';
import type { SharedNamespaces } from './shared-namespaces.ts';

/** The record of a sandbox, with the arguments that CNI DEL needs later. */
export interface StoredSandbox extends Sandbox {
  readonly namespaces?: SharedNamespaces;
  readonly hostIpc?: boolean;
  readonly network?: CniNetwork;
  readonly attachment?: CniAttachment;
  readonly result?: CniResult;
}

export interface NetworkOptions {
  /** /etc/cni/net.d */
  readonly cniConfigFolder: string;
  readonly cni: CniExecutor;
  readonly logger: Logger;
}

const loopback: CniNetwork = { cniVersion: '1.0.0', name: 'cni-loopback', plugins: [{ type: 'loopback' }] };

/** A random id of 64 hexadecimal digits, like containerd's ids. */
export const newId = (): string => randomBytes(32).toString('hex');

/** A pod on the node's network needs no namespace. */
export const hostSandbox = ({ pod }: SandboxSpec): StoredSandbox => ({
  id: newId(),
  pod,
  createdAt: new Date().toISOString(),
});

/** A failure leaves nothing behind. */
export const connect = async (spec: SandboxSpec, options: NetworkOptions): Promise<StoredSandbox> => {
  const network = await loadCniNetwork(options.cniConfigFolder);
  if (!network) throw new Error(`no networks found in ${options.cniConfigFolder}`);
  const id = newId();
  const name = `cni-${randomUUID()}`;
  await addNetns(name);
  const base = { containerId: id, netns: netnsPath(name) };
  try {
    await options.cni.add(loopback, { ...base, ifName: 'lo' });
    const attachment = { ...base, ifName: 'eth0', args: cniArgs(spec.pod, id), portMappings: spec.portMappings };
    const result = await addWithPreferredIp(network, attachment, spec.preferredIp, options);
    const ip = result.ips?.[0]?.address.split('/')[0];
    if (ip === undefined) throw new Error(`network "${network.name}" gave the pod no address`);
    const createdAt = new Date().toISOString();
    return { id, pod: spec.pod, netns: base.netns, ip, createdAt, network, attachment, result };
  } catch (cause) {
    await options.cni.remove(network, { ...base, ifName: 'eth0' }).catch(() => {});
    await deleteNetns(name).catch(() => {});
    throw new Error(`failed to setup network for sandbox "${id}": ${messageOf(cause)}`, { cause });
  }
};

const addWithPreferredIp = async (
  network: CniNetwork,
  attachment: CniAttachment,
  ip: string | undefined,
  { cni, logger }: NetworkOptions,
): Promise<CniResult> => {
  if (ip !== undefined) {
    try {
      return await cni.add(network, { ...attachment, args: { ...attachment.args, IP: ip } });
    } catch (error) {
      logger.warning('The pod cannot get its earlier address back', { ip, err: messageOf(error) });
      await cni.remove(network, attachment).catch(() => {});
    }
  }
  return cni.add(network, attachment);
};

const cniArgs = (pod: PodRef, id: string): Record<string, string> => ({
  IgnoreUnknown: '1',
  K8S_POD_NAMESPACE: pod.namespace,
  K8S_POD_NAME: pod.name,
  K8S_POD_INFRA_CONTAINER_ID: id,
  K8S_POD_UID: pod.uid,
});

/** Safe to repeat. */
export const disconnect = async (
  { netns, network, attachment, result }: StoredSandbox,
  cni: CniExecutor,
): Promise<void> => {
  if (netns === undefined) return;
  const intact = await isNamespace(netns);
  if (network && attachment) await cni.remove(network, { ...attachment, netns: intact ? netns : '' }, result);
  await deleteNetns(netns.split('/').at(-1) ?? '');
  await rm(netns, { force: true });
};

/** Checks that a namespace is mounted on the file: a mounted file has another device number than its folder. */
export const isNamespace = async (path: string): Promise<boolean> => {
  const [file, parent] = await Promise.all([stat(path).catch(() => undefined), stat(join(path, '..'))]);
  return file !== undefined && file.dev !== parent.dev;
};
