import { expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { watch } from '../../../src/host/cli/watch.ts';
import { fakeOutput } from './fake-output.ts';

const contextWith = (signal: AbortSignal, json: boolean) => {
  const { output, lines } = fakeOutput();
  return { context: { output, json, say: {}, signal } as unknown as Context, lines };
};

const report = (observed: string): Report => ({ tasks: [{ checks: [{ outcome: 'fail', observed }] }] }) as never;

test('watching ends at once, also while a check is running', { timeout: 2000 }, async () => {
  const abort = new AbortController();
  const { context } = contextWith(abort.signal, false);
  const grade = (): Promise<Report> => {
    setImmediate(() => abort.abort());
    return new Promise(() => {});
  };
  expect(await watch(context, { grade, draw: async () => [] })).toBeUndefined();
});

test('watching prints each change once, and nothing while nothing changes', async () => {
  const abort = new AbortController();
  const { context, lines } = contextWith(abort.signal, true);
  const seen = ['a', 'a', 'b'];
  const grade = async (): Promise<Report> => {
    const next = seen.shift();
    if (next === undefined) abort.abort();
    return report(next ?? 'b');
  };
  await watch(context, { grade, draw: async (current) => [JSON.stringify(current)] });
  expect(lines).toEqual([JSON.stringify(report('a')), JSON.stringify(report('b'))]);
});

test('watching ends when nobody reads its output any more', { timeout: 2000 }, async () => {
  const { context } = contextWith(new AbortController().signal, false);
  const grade = async (): Promise<Report> => {
    process.stdout.emit('error', new Error('write EPIPE'));
    return report('a');
  };
  const ignore = (): void => {};
  process.stdout.on('error', ignore);
  await watch(context, { grade, draw: async () => [] });
  process.stdout.off('error', ignore);
  expect(process.stdout.listenerCount('error')).toBe(0);
});
