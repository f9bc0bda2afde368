import { expect, test } from 'vitest';
import type { Change } from '../../../src/api/changes.ts';
import { createChangeLog } from '../../../src/fabric/change-log.ts';
import { createPulses } from '../../../src/fabric/pulses.ts';

const rules = (machine: string): Change => ({ kind: 'kernel', machine, what: 'rules' });
const every = { waitMs: 60_000, wanted: () => true };

test('two who wait are told the same change, each once', async () => {
  const log = createChangeLog(0);
  const both = Promise.all([log.after({ ...every, since: 0 }), log.after({ ...every, since: 0 })]);
  log.note(rules('node01'));
  const [one, two] = await both;
  expect(one.changed).toEqual([rules('node01')]);
  expect(two).toEqual(one);
  expect(await log.after({ ...every, since: one.version, waitMs: 0 })).toEqual({ version: one.version, changed: [] });
});

test('a thousand changes of one thing are one piece of news', async () => {
  const log = createChangeLog(0);
  for (let count = 0; count < 1000; count += 1) log.note(rules('node01'));
  log.note({ kind: 'objects', path: '/api/v1/pods', first: true });
  log.note({ kind: 'objects', path: '/api/v1/pods' });
  const { changed } = await log.after({ ...every, since: 0 });
  expect(changed).toEqual([rules('node01'), { kind: 'objects', path: '/api/v1/pods' }]);
});

test('changes that come together are told together', async () => {
  const log = createChangeLog(0);
  const news = log.after({ ...every, since: 0 });
  log.note(rules('node01'));
  setImmediate(() => log.note(rules('node02')));
  expect((await news).changed).toEqual([rules('node01'), rules('node02')]);
});

test('only what is wanted wakes, and a wait ends with its signal', async () => {
  const log = createChangeLog(0);
  const quit = new AbortController();
  const wanted = (change: Change): boolean => change.kind === 'kernel' && change.machine === 'node02';
  const news = log.after({ ...every, since: 0, wanted, signal: quit.signal });
  log.note(rules('node01'));
  quit.abort();
  expect((await news).changed).toEqual([]);
});

test('what nobody asks for any more is forgotten', async () => {
  const log = createChangeLog(0);
  log.note(rules('node01'));
  log.note(rules('node02'));
  log.drop((change) => change.kind === 'kernel' && change.machine === 'node01');
  expect((await log.after({ ...every, since: 0 })).changed).toEqual([rules('node02')]);
});

test('the pauses between two tries grow while nothing changes, and start anew with a change', () => {
  const pulses = createPulses(0);
  const times = (from: number, to: number): readonly number[] =>
    Array.from({ length: (to - from) / 500 }, (_, index) => from + (index + 1) * 500).filter((now) =>
      pulses.due(now).some(({ kind }) => kind === 'retry'),
    );
  expect(times(0, 40_000)).toEqual([1000, 3000, 7000, 15_000, 25_000, 35_000]);
  pulses.restart(40_000);
  expect(times(40_000, 48_000)).toEqual([41_000, 43_000, 47_000]);
});

test('everything is looked at again, ever more seldom', () => {
  const pulses = createPulses(0);
  const seconds = Array.from({ length: 1000 }, (_, second) => second);
  const all = seconds.filter((second) => pulses.due(second * 1000).some(({ kind }) => kind === 'all'));
  expect(all).toEqual([30, 90, 210, 450, 750]);
});
