// Startup, liveness and readiness of every running container: a loop per probe, whose verdicts the planner reads.
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Pod, Probe } from '../../../api/core.ts';
import type { ProbeState } from '../pod/plan.ts';
import type { ContainerRecord, Runtime } from '../runtime/runtime.ts';
import { probeOnce } from './probe.ts';

export interface ProberOptions {
  readonly exec: Runtime['exec'];
  /** A container's state changed. */
  readonly onChange: (podUid: string) => void;
  readonly onFailure: (pod: Pod, container: Container, message: string) => void;
}

export interface Prober {
  /** Starts probing the pod's running containers and stops for those that no longer run. Repeatable. */
  sync(pod: Pod, podIp: string, containers: readonly ContainerRecord[]): void;
  /** By container id. */
  readonly states: ReadonlyMap<string, ProbeState>;
  forget(podUid: string): void;
}

/**
 * A program needs a moment before it listens. The original looks at once and, having failed, again a whole period later; here
 * the first looks repeat quickly and uncounted, so that a pod is Ready when it is.
 */
const settlingMs = 2000;
const settlingPauseMs = 100;

type Kind = 'startup' | 'liveness' | 'readiness';

export const createProber = (options: ProberOptions): Prober => {
  const states = new Map<string, ProbeState>();
  const running = new Map<string, { readonly podUid: string; readonly stop: AbortController }>();
  const end = (id: string): void => {
    running.get(id)?.stop.abort();
    running.delete(id);
    states.delete(id);
  };
  const begin = (pod: Pod, podIp: string, container: Container, record: ContainerRecord): void => {
    const stop = new AbortController();
    const podUid = record.pod.uid;
    running.set(record.id, { podUid, stop });
    states.set(record.id, initialState(pod, container, record));
    const update = (change: Partial<ProbeState>): void => {
      const before = states.get(record.id);
      if (!before || stop.signal.aborted) return;
      states.set(record.id, { ...before, ...change });
      options.onChange(podUid);
    };
    const loop = (kind: Kind, probe: Probe | undefined, judge: Judge) =>
      probe && watchHealth({ kind, probe, pod, podIp, container, record, judge, signal: stop.signal, options });
    const rest = (): void => {
      void loop('readiness', container.readinessProbe, (ok) => update({ ready: ok }));
      void loop('liveness', container.livenessProbe, (ok) => ok || update({ failed: 'liveness' }));
    };
    if (!container.startupProbe) rest();
    const judgeStartup: Judge = (ok) => {
      update(ok ? { started: true, ready: container.readinessProbe === undefined } : { failed: 'startup' });
      if (ok) rest();
      return ok ? 'enough' : undefined;
    };
    void loop('startup', container.startupProbe, judgeStartup);
  };
  return {
    states,
    sync(pod, podIp, containers) {
      const alive = new Map(containers.filter(({ exit }) => !exit).map((record) => [record.id, record]));
      for (const [id, { podUid }] of running) if (podUid === pod.metadata.uid && !alive.has(id)) end(id);
      for (const record of alive.values()) {
        const container = pod.spec.containers.find(({ name }) => name === record.name);
        if (container && !running.has(record.id)) begin(pod, podIp, container, record);
      }
    },
    forget(podUid) {
      for (const [id, entry] of [...running]) if (entry.podUid === podUid) end(id);
    },
  };
};

/** Called when a threshold is crossed. `enough` ends the loop. */
type Judge = (ok: boolean) => unknown;

interface Watching {
  readonly kind: Kind;
  readonly probe: Probe;
  readonly pod: Pod;
  readonly podIp: string;
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly judge: Judge;
  readonly signal: AbortSignal;
  readonly options: ProberOptions;
}

const watchHealth = async (watching: Watching): Promise<void> => {
  const { kind, probe, container, record, signal, options } = watching;
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const thresholds = { ok: probe.successThreshold ?? 1, bad: probe.failureThreshold ?? 3 };
  const target = { container, containerId: record.id, podIp: watching.podIp, exec: options.exec };
  const age = Date.now() - Date.parse(record.startedAt);
  const firstLookMs =
    kind === 'liveness' ? Math.max(initialDelaySeconds * 1000, settlingMs / 2) : initialDelaySeconds * 1000;
  let pause = Math.max(0, firstLookMs - age);
  let streak = 0;
  let last: boolean | undefined;
  while (!signal.aborted) {
    await delay(pause, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    pause = periodSeconds * 1000;
    const outcome = await probeOnce(probe, target, timeoutSeconds * 1000);
    if (signal.aborted) return;
    if (!outcome.ok && kind !== 'liveness' && Date.now() - Date.parse(record.startedAt) < settlingMs) {
      pause = settlingPauseMs;
      continue;
    }
    if (!outcome.ok) options.onFailure(watching.pod, container, `${title(kind)} probe failed: ${outcome.output}`);
    streak = outcome.ok === last ? streak + 1 : 1;
    last = outcome.ok;
    if (streak < (outcome.ok ? thresholds.ok : thresholds.bad)) continue;
    if (watching.judge(outcome.ok) === 'enough') return;
  }
};

const title = (kind: Kind): string => kind[0]?.toUpperCase() + kind.slice(1);

/** A container that an earlier kubelet found ready stays so until a probe says otherwise. */
const initialState = (pod: Pod, container: Container, record: ContainerRecord): ProbeState => {
  const known = pod.status?.containerStatuses?.find(({ containerID }) => containerID === `crun://${record.id}`);
  const started = container.startupProbe === undefined || known?.started === true;
  return { started, ready: started && (container.readinessProbe === undefined || known?.ready === true) };
};
