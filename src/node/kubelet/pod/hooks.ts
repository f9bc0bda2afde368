// Runs the lifecycle hooks of one pod's containers in the background: postStart after the start of a container, preStop
// before its stop signal.
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, LifecycleHandler, Pod } from '../../../api/core-pods.ts';
import { messageOf } from '../../../kit/error.ts';
import { httpGet } from '../probe/http.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { WorkerDeps } from './worker-deps.ts';

type HookDeps = Pick<WorkerDeps, 'runtime' | 'events' | 'nodeIp' | 'logger'>;

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly record: ContainerRecord;
}

export interface Hooks {
  /** By container id. A hook that succeeded is not listed. */
  readonly postStart: ReadonlyMap<string, 'running' | 'failed'>;
  /** Container ids. A hook that ended, or whose grace period is over, is not listed. */
  readonly preStop: ReadonlySet<string>;
  runPostStart(target: HookTarget): void;
  runPreStop(target: HookTarget, graceMs: number): void;
  /** Forgets the hooks of containers that have ended. */
  keepOnly(runningIds: ReadonlySet<string>): void;
}

/** The longest time that a timer can wait. A postStart hook has no other limit. */
const unlimitedMs = 2 ** 31 - 1;

/** @param onEnd called when a hook has ended */
export const createHooks = (deps: HookDeps, onEnd: () => void): Hooks => {
  const postStart = new Map<string, 'running' | 'failed'>();
  const preStop = new Set<string>();
  return {
    postStart,
    preStop,
    runPostStart(target) {
      const hook = target.container.lifecycle?.postStart;
      const { id } = target.record;
      if (!hook) return;
      postStart.set(id, 'running');
      void run(deps, target, hook, unlimitedMs).then((problem) => {
        if (!postStart.has(id)) return;
        if (problem === undefined) postStart.delete(id);
        else postStart.set(id, 'failed');
        if (problem !== undefined) report(deps, target, 'PostStart', problem);
        onEnd();
      });
    },
    runPreStop(target, graceMs) {
      const hook = target.container.lifecycle?.preStop;
      const { id } = target.record;
      if (!hook || graceMs === 0) return;
      preStop.add(id);
      void run(deps, target, hook, graceMs).then((problem) => {
        if (!preStop.delete(id)) return;
        if (problem !== undefined) report(deps, target, 'PreStop', problem);
        onEnd();
      });
    },
    keepOnly(runningIds) {
      for (const id of [...postStart.keys(), ...preStop]) {
        if (runningIds.has(id)) continue;
        postStart.delete(id);
        preStop.delete(id);
      }
    },
  };
};

/** Only the kubelet's log has the cause, because the output of a hook may hold secrets. */
const report = (
  deps: HookDeps,
  { pod, container }: HookTarget,
  hook: 'PostStart' | 'PreStop',
  problem: string,
): void => {
  deps.logger.error(`${hook} hook failed`, problem, { pod: pod.metadata.name, containerName: container.name });
  deps.events.container(pod, container.name, 'Warning', `Failed${hook}Hook`, `${hook}Hook failed`);
};

/** @returns why the hook failed. Never throws: a container stops even if its hook fails */
const run = async (
  { runtime, nodeIp }: HookDeps,
  { container, record }: HookTarget,
  { exec, httpGet: http, sleep }: LifecycleHandler,
  timeoutMs: number,
): Promise<string | undefined> => {
  try {
    if (exec) {
      const { code, stderr } = await runtime.exec(record.id, exec.command, { timeoutMs });
      return code === 0 ? undefined : `command '${exec.command.join(' ')}' exited with ${code}: ${stderr}`;
    }
    if (http) {
      const podIp = runtime.sandboxes().find(({ id }) => id === record.sandboxId)?.ip ?? nodeIp;
      // As in the original, any answer is a success.
      await httpGet(http, { container, podIp }, timeoutMs);
      return undefined;
    }
    if (!sleep) return 'invalid handler: a lifecycle hook can have exec, httpGet or sleep';
    await delay(Math.min(sleep.seconds * 1000, timeoutMs), undefined, { ref: false });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};
