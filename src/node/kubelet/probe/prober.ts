// Runs the startup, liveness and readiness probes of every running container. The plan reads the results.
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Pod, Probe } from '../../../api/core-pods.ts';
import { allStatuses, lastingContainers } from '../../../api/pods.ts';
import type { ContainerRecord, Runtime } from '../runtime/runtime.ts';
import { type ProbeOutcome, probeOnce } from './probe.ts';

/** What the probes of a running container found so far. */
export interface ProbeState {
  readonly started: boolean;
  readonly ready: boolean;
  /** The probe that reached its failure threshold: the container must be restarted. */
  readonly failed?: 'liveness' | 'startup';
}

export interface ProberOptions {
  readonly exec: Runtime['exec'];
  /** Called when the state of one of the pod's containers changed. */
  readonly onChange: (podUid: string) => void;
  /** Called with the reason and the message of a warning event. */
  readonly onWarning: (pod: Pod, container: Container, event: { reason: string; message: string }) => void;
}

export interface Prober {
  /** Probes the pod's running containers from now on, and stops probing those that ended. Safe to repeat. */
  sync(pod: Pod, podIp: string, containers: readonly ContainerRecord[]): void;
  /** By container id. */
  readonly states: ReadonlyMap<string, ProbeState>;
  forget(podUid: string): void;
}

/**
 * For this time after a container's start, its readiness and startup probes repeat quickly and failures do not count.
 * A program needs a moment until it listens, and the original kubelet waits a whole period after a failure.
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
    running.set(record.id, { podUid: record.pod.uid, stop });
    states.set(record.id, initialState(pod, container, record));
    const update = (change: Partial<ProbeState>): void => {
      const before = states.get(record.id);
      if (!before || stop.signal.aborted) return;
      states.set(record.id, { ...before, ...change });
      options.onChange(record.pod.uid);
    };
    startProbes({ pod, podIp, container, record, signal: stop.signal, options }, update);
  };
  return {
    states,
    sync(pod, podIp, containers) {
      const alive = new Map(containers.filter(({ exit }) => !exit).map((record) => [record.id, record]));
      for (const [id, { podUid }] of running) if (podUid === pod.metadata.uid && !alive.has(id)) end(id);
      for (const record of alive.values()) {
        const container = lastingContainers(pod.spec).find(({ name }) => name === record.name);
        if (container && !running.has(record.id)) begin(pod, podIp, container, record);
      }
    },
    forget(podUid) {
      for (const [id, entry] of [...running]) if (entry.podUid === podUid) end(id);
    },
  };
};

interface Target {
  readonly pod: Pod;
  readonly podIp: string;
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly signal: AbortSignal;
  readonly options: ProberOptions;
}

/** Called when a success or failure threshold is reached. `stop` ends the probe's loop. */
type OnThreshold = (ok: boolean) => 'stop' | undefined;

/** Readiness and liveness probes start after the startup probe, if there is one, has succeeded. */
const startProbes = (target: Target, update: (change: Partial<ProbeState>) => void): void => {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  const loop = (kind: Kind, probe: Probe | undefined, onThreshold: OnThreshold): void => {
    if (probe) void runProbe(target, { kind, probe, onThreshold });
  };
  const startOthers = (): void => {
    loop('readiness', readinessProbe, (ok) => {
      update({ ready: ok });
      return undefined;
    });
    loop('liveness', livenessProbe, (ok) => {
      if (!ok) update({ failed: 'liveness' });
      return undefined;
    });
  };
  if (!startupProbe) startOthers();
  loop('startup', startupProbe, (ok) => {
    update(ok ? { started: true, ready: readinessProbe === undefined } : { failed: 'startup' });
    if (ok) startOthers();
    return ok ? 'stop' : undefined;
  });
};

interface ProbeLoop {
  readonly kind: Kind;
  readonly probe: Probe;
  readonly onThreshold: OnThreshold;
}

const runProbe = async (target: Target, { kind, probe, onThreshold }: ProbeLoop): Promise<void> => {
  const { container, record, podIp, signal, options } = target;
  const { periodSeconds = 10, timeoutSeconds = 1, successThreshold = 1, failureThreshold = 3 } = probe;
  const age = (): number => Date.now() - Date.parse(record.startedAt);
  let pause = Math.max(0, firstProbeMs(kind, probe) - age());
  let streak = 0;
  let last: boolean | undefined;
  while (!signal.aborted) {
    await delay(pause, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    pause = periodSeconds * 1000;
    const probed = { container, containerId: record.id, podIp, exec: options.exec };
    const outcome = await probeOnce(probe, probed, timeoutSeconds * 1000);
    if (signal.aborted) return;
    const ok = outcome.result === 'success' || outcome.result === 'warning';
    if (!ok && kind !== 'liveness' && age() < settlingMs) {
      pause = settlingPauseMs;
      continue;
    }
    if (outcome.result !== 'success') options.onWarning(target.pod, container, warningOf(kind, outcome));
    if (outcome.result === 'unknown') continue;
    streak = ok === last ? streak + 1 : 1;
    last = ok;
    if (streak < (ok ? successThreshold : failureThreshold)) continue;
    if (onThreshold(ok) === 'stop') return;
  }
};

const warningOf = (kind: Kind, outcome: Exclude<ProbeOutcome, { result: 'success' }>) => {
  const { result, output } = outcome;
  const probe = `${capitalise(kind)} probe`;
  if (result === 'warning') return { reason: 'ProbeWarning', message: `${probe} warning: ${output}` };
  const what = result === 'unknown' ? 'errored and resulted in unknown state' : 'failed';
  return { reason: 'Unhealthy', message: `${probe} ${what}: ${output}` };
};

/**
 * @returns the container's age at its first probe, in milliseconds. The liveness probe starts later, because each
 * of its failures counts.
 */
const firstProbeMs = (kind: Kind, { initialDelaySeconds = 0 }: Probe): number =>
  Math.max(initialDelaySeconds * 1000, kind === 'liveness' ? settlingMs / 2 : 0);

const capitalise = (kind: Kind): string => kind[0]?.toUpperCase() + kind.slice(1);

/** After the kubelet's restart, a container that was ready stays ready until a probe fails. */
const initialState = (pod: Pod, container: Container, record: ContainerRecord): ProbeState => {
  const known = allStatuses(pod.status).find(({ containerID }) => containerID === `crun://${record.id}`);
  const started = container.startupProbe === undefined || known?.started === true;
  return { started, ready: started && (container.readinessProbe === undefined || known?.ready === true) };
};
