// Runs a container's lifecycle hooks: postStart after its start, preStop before its stop signal.
import type { Container, Pod, ProbeHandler } from '../../../api/core.ts';
import { type ProbeOutcome, probeOnce } from '../probe/probe.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { WorkerDeps } from './worker-deps.ts';

type HookDeps = Pick<WorkerDeps, 'runtime' | 'events' | 'nodeIp'>;

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly record: ContainerRecord;
}

const postStartMs = 60_000;

/** Kills the container when the hook fails, as Kubernetes specifies. Never throws. */
export const runPostStartHook = async (deps: HookDeps, target: HookTarget): Promise<void> => {
  const { pod, container, record } = target;
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const outcome = await runHook(deps, target, hook, postStartMs);
  if (outcome.ok) return;
  const message = `PostStartHook failed: ${outcome.output}`;
  deps.events.container(pod, container.name, 'Warning', 'FailedPostStartHook', message);
  await deps.runtime.signal(record.id, 'KILL').catch(() => {});
};

/** Never throws: the container stops even when the hook fails. */
export const runPreStopHook = async (deps: HookDeps, target: HookTarget, timeoutMs: number): Promise<void> => {
  const { pod, container } = target;
  const hook = container.lifecycle?.preStop;
  if (!hook) return;
  const outcome = await runHook(deps, target, hook, timeoutMs);
  if (outcome.ok) return;
  const message = `PreStopHook failed: ${outcome.output}`;
  deps.events.container(pod, container.name, 'Warning', 'FailedPreStopHook', message);
};

const runHook = (
  { runtime, nodeIp }: HookDeps,
  { container, record }: HookTarget,
  hook: ProbeHandler,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  const podIp = runtime.sandboxes().find(({ id }) => id === record.sandboxId)?.ip ?? nodeIp;
  return probeOnce(hook, { container, containerId: record.id, podIp, exec: runtime.exec }, timeoutMs);
};
