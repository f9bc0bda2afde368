import { expect, test } from 'vitest';
import type { Change, Changes, ChangesParams } from '../../../src/api/changes.ts';
import type { LabDefinition } from '../../../src/api/lab.ts';
import type { HttpOutcome } from '../../../src/api/probes.ts';
import type { Report } from '../../../src/api/report.ts';
import type { ClusterAccess } from '../../../src/host/grade/access.ts';
import { gradeLive } from '../../../src/host/grade/live.ts';
import type { Student } from '../../../src/host/grade/student.ts';
import { LabError } from '../../../src/kit/error.ts';
import { accessTo, type Calls, everyNode, labOf, nobody, pod, type World } from './world.ts';

/** A world that the test changes. `tell` is what the fabric notices. */
const watching = (lab: LabDefinition, world: World, { student = nobody, isOld = false } = {}) => {
  const calls: Calls = [];
  const asked: ChangesParams[] = [];
  const told: Change[][] = [];
  const reports: Report[] = [];
  const quit = new AbortController();
  let current: Student = student;
  let wake = (): void => {};
  let version = 1;
  const changes = async (params: ChangesParams, signal?: AbortSignal): Promise<Changes> => {
    if (isOld) throw new LabError('FABRIC_BAD_REQUEST', 'there is no method "changes"');
    asked.push(params);
    while (params.since > 0 && told.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      signal?.addEventListener('abort', () => resolve());
      await promise;
      signal?.throwIfAborted();
    }
    version += 1;
    return { version, changed: told.shift() ?? [] };
  };
  const plain = accessTo(world, calls);
  const access = {
    ...plain,
    fabric: {
      call: (method: string, params: never, options?: { signal?: AbortSignal }) =>
        method === 'changes' ? changes(params, options?.signal) : plain.fabric.call(method as 'http', params),
    },
  } as ClusterAccess;
  let onReport = (): void => {};
  const running = gradeLive({
    lab,
    access,
    signal: quit.signal,
    readProgress: async () => current,
    async onReport(report) {
      reports.push(report);
      onReport();
    },
  });
  running.catch(() => {});
  return {
    calls,
    asked,
    running,
    outcomes: () => reports.map(({ tasks }) => tasks[0]?.checks.map(({ outcome }) => outcome).join(' ')),
    /** Waits for one more report. */
    report: () => new Promise<void>((resolve) => (onReport = resolve)),
    tell(...news: readonly Change[]) {
      told.push([...news]);
      wake();
    },
    study(next: Student) {
      current = next;
    },
    [Symbol.asyncDispose]: async () => {
      quit.abort(new Error('over'));
      await running.catch(() => {});
    },
  };
};

const file = { type: 'file', on: 'node/node01', path: '/done' };
const fileChange: Change = { kind: 'file', machine: 'node01', path: '/done' };
const http = { id: 'http', type: 'http', from: 'node/node01', url: 'http://10.96.0.20/' };
const answers = { ok: true, status: 200, body: '', remote: '', local: '', milliseconds: 1 } as const;
const refused: HttpOutcome = { ok: false, failure: 'refused', message: '' };
const rule = { id: 'rule', type: 'iptables', on: 'node/node01', rules: { comment: 'orange' } };
const rules = (machine: string): Change => ({ kind: 'kernel', machine, what: 'rules' });

test('a change is reported, and what the checks read is what the fabric watches', async () => {
  const files: Record<string, string> = {};
  await using live = watching(labOf([file]), { files });
  await live.report();
  files['node01:/done'] = 'yes';
  live.tell(fileChange);
  await live.report();
  expect(live.outcomes()).toEqual(['fail', 'pass']);
  expect(live.asked.at(-1)?.files).toEqual([{ machine: 'node01', pid: 101, path: '/done' }]);
  expect(live.asked[0]).toMatchObject({ since: 0, waitMs: 0 });
});

test('only checks that read what has changed look again, but real traffic is sent after any change', async () => {
  let outcome: HttpOutcome = refused;
  const world = { facts: everyNode({ iptables: '*nat\nCOMMIT\n' }), http: () => outcome };
  await using live = watching(labOf([rule, http, { ...file, id: 'file' }]), world);
  await live.report();
  live.calls.length = 0;
  outcome = answers;
  live.tell(rules('node02'));
  await live.report();
  expect(live.outcomes().at(-1)).toBe('fail pass fail');
  expect(live.calls).toEqual(['http']);
});

test('a check that must stay as it is passes only after that time, and not when it changes meanwhile', async () => {
  let looks = 0;
  const world: World = {
    http: () => {
      looks += 1;
      return looks === 2 ? refused : answers;
    },
  };
  await using live = watching(labOf([{ ...http, stableFor: '100ms' }]), world);
  await live.report();
  while (live.outcomes().at(-1) !== 'pass') {
    if (looks === 2) live.tell({ kind: 'retry' });
    await live.report();
  }
  // A busy machine takes so long for a look that fewer of them fit into the time.
  expect(new Set(live.outcomes().slice(0, -1))).toEqual(new Set(['fail']));
  expect(looks).toBeGreaterThan(3);
});

test('what has not passed is tried again, and what has passed is not', async () => {
  let outcome: HttpOutcome = refused;
  const world = { http: (_: string, url: string) => (url.includes('10.96.0.21') ? answers : outcome) };
  await using live = watching(labOf([http, { ...http, id: 'fine', url: 'http://10.96.0.21/' }]), world);
  await live.report();
  live.calls.length = 0;
  outcome = answers;
  live.tell({ kind: 'retry' });
  await live.report();
  expect(live.outcomes()).toEqual(['fail pass', 'pass pass']);
  expect(live.calls).toEqual(['http']);
});

test('a slow probe holds up neither other checks nor its own repetition after a change', async () => {
  const slow = Promise.withResolvers<HttpOutcome>();
  let outcome: unknown = slow.promise;
  const files: Record<string, string> = { 'node01:/done': '' };
  await using live = watching(labOf([file, http]), { files, http: () => outcome as HttpOutcome });
  const first = live.report();
  // The probe is on its way; then the change that mends its path comes.
  await new Promise((resolve) => setImmediate(resolve));
  outcome = answers;
  live.tell(rules('node01'));
  await first;
  expect(live.outcomes()).toEqual(['pass pass']);
  slow.resolve(refused);
});

test('an answer that the student gives in another terminal counts', async () => {
  const question = { type: 'answer', question: 'How many?', equals: 'three' };
  await using live = watching(labOf([question]), {});
  await live.report();
  live.study({ ...nobody, answers: { 'task/check': 'three' } });
  await live.report();
  expect(live.outcomes()).toEqual(['fail', 'pass']);
});

test('a passing check that fails for a moment only, within its time, is not shown as failed', async () => {
  const files: Record<string, string> = { 'node01:/done': '' };
  await using live = watching(
    labOf([
      { ...file, within: '20s' },
      { ...file, id: 'other', path: '/other' },
    ]),
    { files },
  );
  await live.report();
  delete files['node01:/done'];
  live.tell(fileChange);
  files['node01:/other'] = '';
  live.tell({ ...fileChange, path: '/other' });
  await live.report();
  files['node01:/done'] = '';
  live.tell(fileChange);
  delete files['node01:/other'];
  live.tell({ ...fileChange, path: '/other' });
  await live.report();
  expect(live.outcomes()).toEqual(['pass fail', 'pass pass', 'pass fail']);
});

test('ends when a machine is gone, and with the fault of the fabric', async () => {
  await using live = watching(labOf([file]), {});
  await live.report();
  live.tell({ kind: 'gone', machine: 'node01' });
  await expect(live.running).resolves.toBeUndefined();
});

test('an agent of an older labs, which tells no changes, is asked again and again', async () => {
  const files: Record<string, string> = {};
  await using live = watching(labOf([file]), { files }, { isOld: true });
  await live.report();
  files['node01:/done'] = '';
  await live.report();
  expect(live.outcomes()).toEqual(['fail', 'pass']);
});

test('the objects of an API server that a signal has stopped are asked for again', async () => {
  let isUp = true;
  const world: World = {
    kube: () => {
      if (isUp) return { status: 200, body: { items: [pod('blue', 'node01', '10.244.1.3')] } };
      throw new LabError('LAB_API_SILENT', 'silent');
    },
    facts: { ...everyNode({ processes: [] }), 'node01 10.244.1.3': { listeners: [] } },
  };
  await using live = watching(
    labOf([{ type: 'object', object: 'pod/blue', where: [{ path: '.status.phase', equals: 'Running' }] }]),
    world,
  );
  await live.report();
  isUp = false;
  live.tell({ kind: 'kernel', machine: 'controlplane', what: 'stopped' });
  await live.report();
  expect(live.outcomes()).toEqual(['pass', 'fail']);
});
