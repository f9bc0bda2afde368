// Carries out the larger steps of a plan, with their events: create the sandbox, start a container, stop a container.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, EphemeralContainer, Pod } from '../../../api/core-pods.ts';
import type { StoredImage } from '../../../api/images.ts';
import { lastingContainers } from '../../../api/pods.ts';
import { messageOf } from '../../../kit/error.ts';
import { ContainerConfigError } from '../container/config-error.ts';
import { containerEnv, expandAll } from '../container/env.ts';
import { kernelHostname } from '../container/files.ts';
import { writePodFiles } from '../container/files-writer.ts';
import { resolvConfProblems } from '../container/resolv-conf.ts';
import { seccompFor } from '../container/seccomp-profile.ts';
import { containerSpec, podRef } from '../container/spec.ts';
import { volumeMounts } from '../container/volumes.ts';
import { missingCapabilities } from '../runtime/oci.ts';
import type { ContainerRecord, PortMapping, Sandbox } from '../runtime/runtime.ts';
import { foundImage, invalidImageName, missingImage, startFailure } from './start-errors.ts';
import type { Blocked } from './view.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** @throws the runtime's error, after an event about it */
export const createSandbox = async ({ runtime, events, dns }: WorkerDeps, pod: Pod): Promise<void> => {
  const hostNetwork = pod.spec.hostNetwork === true;
  // After a restart of the node, the pod asks for its earlier address.
  const ip = hostNetwork ? undefined : pod.status?.podIP;
  for (const problem of resolvConfProblems(pod, dns)) events.pod(pod, 'Warning', 'DNSConfigForming', problem);
  try {
    // A name that is too long keeps the pod from getting a sandbox.
    if (!hostNetwork) kernelHostname(pod, dns.clusterDomain);
    await runtime.createSandbox({
      pod: podRef(pod),
      hostNetwork,
      // A pod with one container shares, too: an ephemeral container may come later.
      ipc: pod.spec.hostIPC ? 'node' : 'pod',
      shareProcesses: pod.spec.shareProcessNamespace === true && pod.spec.hostPID !== true,
      portMappings: portMappings(pod),
      ...(ip === undefined ? {} : { preferredIp: ip }),
    });
  } catch (error) {
    events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
    throw error;
  }
};

export interface Start {
  readonly pod: Pod;
  readonly sandbox: Sandbox;
  readonly container: Container;
  readonly attempt: number;
  readonly backoffMs: number;
  /** Why the last try failed. */
  readonly before: Blocked | undefined;
}

/** @returns the container that runs now, or why it could not start */
export const startContainer = async (deps: WorkerDeps, start: Start): Promise<ContainerRecord | Blocked> => {
  const { pod, container, before } = start;
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    deps.events.container(pod, container.name, type, reason, message);
  const begin = performance.now();
  const misnamed = invalidImageName(container, before, Date.now());
  const image = misnamed ? undefined : await deps.images.find(container.image);
  if (!image) {
    const problem = misnamed ?? missingImage(container, before, Date.now());
    for (const { type, reason, message } of problem.events) tell(type, reason, message);
    return problem.blocked;
  }
  if (!before || /^(ErrImage|ImagePull|InvalidImage)/.test(before.reason)) {
    const tookMs = Math.ceil(performance.now() - begin);
    for (const { type, reason, message } of foundImage(container, image, tookMs)) tell(type, reason, message);
  }
  try {
    const spec = await specFor(deps, start, image);
    const record = await deps.runtime.startContainer(spec);
    for (const name of missingCapabilities(spec, deps.capabilities)) {
      tell('Warning', 'CapabilityMissing', `No container in a lab can have the capability ${name}`);
    }
    tell('Normal', 'Created', `Created container: ${container.name}`);
    tell('Normal', 'Started', `Started container ${container.name}`);
    return record;
  } catch (error) {
    const blocked = startFailure(error, before, Date.now());
    tell('Warning', 'Failed', `Error: ${blocked.message}`);
    return blocked;
  }
};

const specFor = async (deps: WorkerDeps, start: Start, image: StoredImage) => {
  const { pod, sandbox, container, attempt, backoffMs } = start;
  const rootfs = deps.images.rootfs(image);
  const podIp = sandbox.ip ?? deps.nodeIp;
  const [passwd, group, sources, files] = await Promise.all([
    readFile(join(rootfs, 'etc/passwd'), 'utf8').catch(() => ''),
    readFile(join(rootfs, 'etc/group'), 'utf8').catch(() => ''),
    deps.sources.load(pod),
    writePodFiles(deps, pod, podIp, container),
  ]);
  const target = targetOf(deps, start);
  const context = {
    pod,
    podIp,
    hostIp: deps.nodeIp,
    nodeName: deps.nodeName,
    clusterDomain: deps.dns.clusterDomain,
    sandboxId: sandbox.id,
    attempt,
    backoffMs,
    image,
    passwd,
    group,
    sources,
    services: deps.services(),
    allocatable: deps.allocatable,
    ...(await seccompFor(pod, container, join(deps.podsFolder, '../seccomp'))),
    ...(target ? { processesOf: target.id } : {}),
  };
  const lookup = containerEnv(container, context);
  const mounts = await volumeMounts(deps.podsFolder, pod, container, (text) => expandAll(text, lookup));
  return containerSpec(container, { ...context, mounts: [...mounts, ...files] });
};

/** @throws ContainerConfigError when the container that an ephemeral container is to debug does not run */
const targetOf = ({ runtime }: WorkerDeps, { container, sandbox }: Start): ContainerRecord | undefined => {
  const { targetContainerName: name } = container as EphemeralContainer;
  if (!name) return undefined;
  const inSandbox = runtime.containers().filter(({ sandboxId }) => sandboxId === sandbox.id);
  const target = inSandbox.findLast((record) => record.name === name && !record.exit);
  if (!target) throw new ContainerConfigError(`unable to find target container ${name}`);
  return target;
};

const portMappings = ({ spec }: Pod): PortMapping[] =>
  spec.hostNetwork
    ? []
    : lastingContainers(spec).flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP }) =>
          hostPort ? [{ hostPort, containerPort, protocol, ...(hostIP ? { hostIP } : {}) }] : [],
        ),
      );
