import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/host/cli/environment.ts';
import { pagerIn, rowsOf, showInPager } from '../../../src/host/cli/pager.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-pager-'));
  writeFileSync(join(folder, 'less'), '');
  chmodSync(join(folder, 'less'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['less, if it is installed', {}, 'less -FRX'],
  ['none, if less is missing', { PATH: '/nowhere' }, undefined],
  ['the one that PAGER names', { PAGER: 'more -d' }, 'more -d'],
  ['none, if PAGER is empty', { PAGER: '' }, undefined],
  ['none, if PAGER is cat', { PAGER: 'cat' }, undefined],
  ['none on a dumb terminal', { TERM: 'dumb' }, undefined],
] as const)('the pager is %s', (_which, variables, expected) => {
  expect(pagerIn(readEnvironment({ PATH: folder, TERM: 'xterm', ...variables }))).toBe(expected);
});

test('counts the rows of a text on a terminal', () => {
  expect(rowsOf('a\n\nb\n', 80)).toBe(3);
  expect(rowsOf('x'.repeat(81), 80)).toBe(2);
  expect(rowsOf(`${'가'.repeat(41)}\n`, 80)).toBe(2);
  expect(rowsOf(`\u001b[1m${'x'.repeat(80)}\u001b[22m`, 80)).toBe(1);
});

const show = async (command: string, text: string) => {
  const calls: string[] = [];
  const interrupt = { release: () => void calls.push('release'), listen: () => void calls.push('listen') };
  const variables = { PATH: process.env.PATH };
  const shown = await showInPager(text, { command, variables, interrupt });
  return { shown, calls };
};

test('gives the text to the pager, which handles Ctrl-C itself', async () => {
  const file = join(folder, 'shown');
  expect(await show(`cat > ${file}; printf "%s %s" "$LESS" "$LESSCHARSET" >> ${file}`, 'text\n')).toEqual({
    shown: true,
    calls: ['release', 'listen'],
  });
  expect(readFileSync(file, 'utf8')).toBe('text\nFRX-Ps?eEND, q\\: leave:space\\: more, q\\: leave.$ utf-8');
  expect(process.listenerCount('SIGINT')).toBe(0);
});

test('a pager that ends before the end of the text is no failure', async () => {
  expect(await show('true', 'long\n'.repeat(100_000))).toMatchObject({ shown: true });
  expect(await show('exit 3', 'text')).toMatchObject({ shown: true });
});

test('says that a pager does not run', async () => {
  expect(await show('exec 2>/dev/null; no-such-pager', 'text')).toMatchObject({ shown: false });
});
