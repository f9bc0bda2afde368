import { afterEach, describe, expect, test } from 'vitest';
import type { Container, PodSpec, Probe } from '../../../../src/api/core-pods.ts';
import { done, eventually, notYet } from '../../../../src/kit/eventually.ts';
import { createProber, type Prober } from '../../../../src/node/kubelet/probe/prober.ts';
import { container, podWith, record } from '../builders.ts';

const probe = (command: string, over: Partial<Probe> = {}): Probe => ({ exec: { command: [command] }, ...over });

let prober: Prober;
afterEach(() => prober.forget('u1'));

/**
 * Probes a container that started a minute ago, so that every failure counts. A command succeeds unless it is `false`.
 */
const start = (over: Partial<Container>, spec: Partial<PodSpec> = {}) => {
  const asked: string[] = [];
  const failures: string[] = [];
  prober = createProber({
    async exec(_, [command = '']) {
      asked.push(command);
      return { stdout: '', stderr: 'it failed', code: command === 'false' ? 1 : 0 };
    },
    onChange: () => {},
    onWarning: (_, __, { message }) => failures.push(message),
  });
  const running = record({ startedAt: new Date(Date.now() - 60_000).toISOString() });
  prober.sync(podWith({ containers: [container(over)], ...spec }), '10.244.1.2', [running]);
  return { asked, failures };
};

const until = (condition: string, look: () => boolean): Promise<void> =>
  eventually(condition, () => (look() ? done(undefined) : notYet(JSON.stringify(prober.states.get('c0')))), {
    timeoutMs: 5000,
    intervalMs: 2,
  });

describe('a container', () => {
  test('is ready at once without probes', () => {
    start({});
    expect(prober.states.get('c0')).toEqual({ started: true, ready: true });
  });

  test('is ready when its readiness probe succeeds', async () => {
    start({ readinessProbe: probe('true') });
    expect(prober.states.get('c0')?.ready).toBe(false);
    await until('it is ready', () => prober.states.get('c0')?.ready === true);
  });

  test('has no readiness probe until its startup probe succeeded', async () => {
    const { asked } = start({ startupProbe: probe('startup'), readinessProbe: probe('readiness') });
    expect(prober.states.get('c0')).toEqual({ started: false, ready: false });
    await until('it is ready', () => prober.states.get('c0')?.ready === true);
    expect(asked).toEqual(['startup', 'readiness']);
  });

  test('must be restarted when its liveness probe reaches the failure threshold', async () => {
    const { failures } = start({ livenessProbe: probe('false', { failureThreshold: 1 }) });
    await until('it failed', () => prober.states.get('c0')?.failed === 'liveness');
    expect(failures).toEqual(['Liveness probe failed: it failed']);
  });

  test('has its probes as a sidecar, too', async () => {
    const side = container({ readinessProbe: probe('true'), restartPolicy: 'Always' });
    start({ name: 'main' }, { initContainers: [side] });
    await until('it is ready', () => prober.states.get('c0')?.ready === true);
  });

  test('stays as it is while a probe cannot be made', async () => {
    const httpGet = { port: 'none' };
    const { failures } = start({ livenessProbe: { httpGet, failureThreshold: 1 } });
    await until('the event was sent', () => failures.length > 0);
    expect(failures[0]).toMatch(/^Liveness probe errored and resulted in unknown state: /);
    expect(prober.states.get('c0')).toEqual({ started: true, ready: true });
  });
});
