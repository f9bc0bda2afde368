import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bringUp, resume } from '../../../src/host/cluster/bring-up.ts';
import { runSteps, type Step, type StepEvent } from '../../../src/host/cluster/steps.ts';
import { ExitCode, LabError } from '../../../src/kit/error.ts';

const run = async (steps: readonly Step<null>[], signal = new AbortController().signal) => {
  const events: StepEvent[] = [];
  const error = await runSteps(steps, null, { signal, onEvent: (event) => events.push(event) }).catch(
    (caught) => caught,
  );
  return { error, events, states: events.map(({ step, state }) => `${step} ${state}`) };
};

const step = (name: string, needs: readonly string[] = [], work: Step<null>['run'] = async () => {}): Step<null> => ({
  name,
  title: `Doing ${name}`,
  needs,
  run: work,
});

const pause = (milliseconds: number): Promise<void> => delay(milliseconds);

test('steps that do not need each other run in parallel', async () => {
  const { states } = await run([step('a', [], () => pause(20)), step('b', [], () => pause(5)), step('c', ['a', 'b'])]);
  expect(states).toEqual(['a started', 'b started', 'b done', 'a done', 'c started', 'c done']);
});

test('a step reports its time and its detail', async () => {
  const { events } = await run([step('a', [], async () => '5 containers')]);
  expect(events[1]).toEqual({
    step: 'a',
    title: 'Doing a',
    state: 'done',
    milliseconds: expect.any(Number),
    detail: '5 containers',
  });
});

test('the first failure cancels the others, and is thrown after all have ended', async () => {
  let atRest = false;
  const slow = step('slow', [], async (_, signal) => {
    await delay(1000, undefined, { signal }).catch(() => {});
    await delay(5);
    atRest = true;
  });
  const broken = step('broken', [], async () => {
    throw new Error('no');
  });
  const { error, states } = await run([slow, broken, step('after', ['broken'])]);
  expect(error).toMatchObject({ message: 'no' });
  expect(atRest).toBe(true);
  expect(states).toEqual(['slow started', 'broken started', 'broken failed', 'slow cancelled']);
});

test('a refusal is no failed step', async () => {
  const refuse = step('a', [], async () => {
    throw new LabError('LAB_BUSY', 'another start is at work', { refusal: true });
  });
  const usage = step('b', [], async () => {
    throw new LabError('LAB_USAGE', 'wrong usage', { exitCode: ExitCode.usage });
  });
  expect((await run([refuse, step('after', ['a'])])).states).toEqual(['a started', 'a refused']);
  expect((await run([usage])).states).toEqual(['b started', 'b refused']);
});

test('an abort from outside is thrown with its own reason', async () => {
  const abort = new AbortController();
  const waits = step('a', [], async (_, signal) => {
    abort.abort(new Error('interrupted'));
    signal.throwIfAborted();
  });
  const { error, states } = await run([waits, step('b', ['a'])], abort.signal);
  expect(error).toMatchObject({ message: 'interrupted' });
  expect(states).toEqual(['a started', 'a cancelled']);
});

test('a step that needs a later step throws at once', async () => {
  expect((await run([step('a', ['b']), step('b')])).error).toMatchObject({
    message: expect.stringContaining('needs "b"'),
  });
});

test.each([
  ['bringUp', bringUp],
  ['resume', resume],
] as const)('in %s every step comes after those that it needs, under a name of its own', (_, steps) => {
  const names = steps.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [index, { needs }] of steps.entries())
    for (const need of needs) expect(names.slice(0, index)).toContain(need);
});

test('the README shows the steps of a start, in their order', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/^ +✔ (\S.*?) {2,}.*\d s$/gm)].map(([, title]) => title);
  expect(shown).toEqual(bringUp.map(({ title }) => title));
});
