import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKlog } from '../../../../src/node/component/klog.ts';

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klog-'));
  lines = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe('the log', () => {
  test('has klog’s header: severity, month and day, time, process, source', () => {
    createKlog({ verbosity: 0, source: 'proxier' }).info(0, 'Using iptables proxier', { family: 'IPv4' });
    expect(lines[0]).toMatch(/^I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ proxier\] "Using iptables proxier" family="IPv4"\n$/);
  });

  test('hides lines above the verbosity', () => {
    const log = createKlog({ verbosity: 2, source: 'x' });
    log.info(2, 'shown');
    log.info(3, 'hidden');
    expect(lines.join('')).toContain('shown');
    expect(lines.join('')).not.toContain('hidden');
    expect([log.enabled(2), log.enabled(3)]).toEqual([true, false]);
  });

  test('quotes strings and errors, and writes other values as JSON', () => {
    createKlog({ verbosity: 0, source: 'x' }).error('Sync failed', new Error('no "iptables"'), {
      count: 3,
      ports: ['a', 'b'],
      none: undefined,
      big: 10n,
      cause: new Error('x'),
    });
    expect(lines[0]).toContain(
      '] "Sync failed" err="no \\"iptables\\"" count=3 ports=["a","b"] none=null big=10 cause="x"',
    );
  });

  test('keeps a message on one line', () => {
    createKlog({ verbosity: 0, source: 'x' }).warning('one\ntwo');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).toContain('"one\\ntwo"');
  });

  test('appends each line to its file before the call returns', () => {
    const file = join(folder, 'kube-proxy.log');
    for (const message of ['first', 'second']) createKlog({ verbosity: 0, source: 'x', file }).info(0, message);
    expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
    expect(lines).toHaveLength(2);
  });

  test('continues if the disk is full', () => {
    const log = createKlog({ verbosity: 0, source: 'x', file: '/dev/full' });
    expect(() => log.info(0, 'still here')).not.toThrow();
    expect(lines[0]).toContain('still here');
  });
});

test('vmodule sets the verbosity of single sources', () => {
  const vmodule = new Map([['service*', 4]]);
  const source = (message: string): string => (message === 'port' ? 'servicechangetracker.go:202' : 'proxier.go:1');
  const log = createKlog({ verbosity: 1, vmodule, source });
  log.info(4, 'port');
  log.info(4, 'other');
  log.info(5, 'port');
  log.info(1, 'other');
  expect(log.enabled(4)).toBe(true);
  expect(lines.map((line) => line.split('] ')[1])).toEqual(['"port"\n', '"other"\n']);
});

test('lines can be JSON', () => {
  const log = createKlog({ verbosity: 2, format: 'json', source: 'proxier.go:1' });
  log.info(2, 'Synced', { count: 3 });
  log.error('Sync failed', new Error('no'), {});
  const parsed = lines.map((line) => JSON.parse(line) as unknown);
  expect(parsed[0]).toMatchObject({ caller: 'proxier.go:1', msg: 'Synced', v: 2, count: 3, ts: expect.any(Number) });
  expect(parsed[1]).toMatchObject({ msg: 'Sync failed', err: 'no' });
});
