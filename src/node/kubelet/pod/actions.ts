// The steps of a pod's plan that make and end things: its sandbox, its containers, their hooks; each with the events it causes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, ProbeHandler } from '../../../api/core.ts';
import { messageOf } from '../../../kit/error.ts';
import { writePodFiles } from '../container/files-writer.ts';
import { containerSpec, podRef } from '../container/spec.ts';
import { volumeMounts } from '../container/volumes.ts';
import { probeOnce } from '../probe/probe.ts';
import type { ContainerRecord, PortMapping, Sandbox } from '../runtime/runtime.ts';
import type { Blocked, Step } from './plan.ts';
import { missingImage, startFailure } from './start-errors.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** @throws what the runtime says, after the event about it */
export const createSandbox = async ({ runtime, events }: WorkerDeps, pod: Pod): Promise<void> => {
  const hostNetwork = pod.spec.hostNetwork === true;
  // Set when the node restarted under the pod. An address that no longer fits is refused by the IPAM plugin.
  const ip = hostNetwork ? undefined : pod.status?.podIP;
  try {
    await runtime.createSandbox({
      pod: podRef(pod),
      hostNetwork,
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
  /** What kept it from starting last time. */
  readonly before: Blocked | undefined;
}

/** @returns why it can't be started, if so */
export const startContainer = async (deps: WorkerDeps, start: Start): Promise<Blocked | undefined> => {
  const { pod, container, before } = start;
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    deps.events.container(pod, container.name, type, reason, message);
  const image = await deps.images.find(container.image);
  if (!image) {
    const problem = missingImage(container, before, Date.now());
    for (const { type, reason, message } of problem.events) tell(type, reason, message);
    return problem.blocked;
  }
  if (!before || /^(ErrImage|ImagePull)/.test(before.reason)) {
    tell('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
  }
  try {
    const record = await deps.runtime.startContainer(await specFor(deps, start, image));
    tell('Normal', 'Created', `Created container: ${container.name}`);
    tell('Normal', 'Started', `Started container ${container.name}`);
    void runPostStart(deps, pod, container, record);
    return undefined;
  } catch (error) {
    const blocked = startFailure(error, before, Date.now());
    tell('Warning', 'Failed', `Error: ${blocked.message}`);
    return blocked;
  }
};

type Image = NonNullable<Awaited<ReturnType<WorkerDeps['images']['find']>>>;

const specFor = async (deps: WorkerDeps, { pod, sandbox, container, attempt }: Start, image: Image) => {
  const rootfs = deps.images.rootfs(image);
  const podIp = sandbox.ip ?? deps.nodeIp;
  const [passwd, group, sources, files] = await Promise.all([
    readFile(join(rootfs, 'etc/passwd'), 'utf8').catch(() => ''),
    readFile(join(rootfs, 'etc/group'), 'utf8').catch(() => ''),
    deps.sources.load(pod),
    writePodFiles(deps, pod, podIp, container),
  ]);
  return containerSpec(container, {
    pod,
    podIp,
    hostIp: deps.nodeIp,
    nodeName: deps.nodeName,
    sandboxId: sandbox.id,
    attempt,
    image,
    passwd,
    group,
    sources,
    services: deps.services(),
    mounts: [...volumeMounts(deps.podsFolder, pod, container), ...files],
  });
};

const runPostStart = async (
  deps: WorkerDeps,
  pod: Pod,
  container: Container,
  record: ContainerRecord,
): Promise<void> => {
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const outcome = await runHook(deps, hook, container, record, postStartMs);
  if (outcome.ok) return;
  const message = `PostStartHook failed: ${outcome.output}`;
  deps.events.container(pod, container.name, 'Warning', 'FailedPostStartHook', message);
  await deps.runtime.signal(record.id, 'KILL').catch(() => {});
};

const postStartMs = 60_000;

/** Returns once the container was asked to end; a preStop hook runs on in the background and the asking follows it. */
export const stopContainer = async (
  deps: WorkerDeps,
  pod: Pod,
  { record, graceMs, because }: Extract<Step, { do: 'stop' }>,
): Promise<void> => {
  deps.events.container(pod, record.name, 'Normal', 'Killing', because);
  const container = pod.spec.containers.find(({ name }) => name === record.name);
  const hook = container?.lifecycle?.preStop;
  const terminate = (): Promise<void> => deps.runtime.signal(record.id, record.stopSignal);
  if (!container || !hook || graceMs === 0) return terminate();
  // The hook spends the pod's grace period; the planner kills the container when that is over.
  void runHook(deps, hook, container, record, graceMs)
    .then((outcome) => {
      const message = outcome.ok ? '' : `PreStopHook failed: ${outcome.output}`;
      if (!outcome.ok) deps.events.container(pod, record.name, 'Warning', 'FailedPreStopHook', message);
      return terminate();
    })
    .catch((error) => deps.logger.error('Stopping a container failed', error, { pod: pod.metadata.name }));
};

const runHook = (
  { runtime, nodeIp }: WorkerDeps,
  hook: ProbeHandler,
  container: Container,
  record: ContainerRecord,
  timeoutMs: number,
) => {
  const podIp = runtime.sandboxes().find(({ id }) => id === record.sandboxId)?.ip ?? nodeIp;
  return probeOnce(hook, { container, containerId: record.id, podIp, exec: runtime.exec }, timeoutMs);
};

const portMappings = ({ spec }: Pod): PortMapping[] =>
  spec.hostNetwork
    ? []
    : spec.containers.flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP }) =>
          hostPort ? [{ hostPort, containerPort, protocol, ...(hostIP ? { hostIP } : {}) }] : [],
        ),
      );
