// Limits and timeouts of connection tracking. In a namespace the limit is read-only, so the virtual machine tests it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countCpus } from '../../../src/node/sys/machine.ts';
import { kubeProxy } from '../../support/proxy/world.ts';

const names = [
  'max',
  'tcp_timeout_established',
  'tcp_timeout_close_wait',
  'tcp_be_liberal',
  'udp_timeout',
  'udp_timeout_stream',
] as const;
type Settings = Readonly<Record<(typeof names)[number], number>>;

const path = (name: string): string => `/proc/sys/net/netfilter/nf_conntrack_${name}`;
const read = (): Settings =>
  Object.fromEntries(names.map((name) => [name, Number(readFileSync(path(name), 'utf8'))])) as Settings;
const initialise = (...flags: string[]): void => {
  execFileSync(process.execPath, [kubeProxy, '--init-only', '--proxy-mode=nftables', ...flags], { stdio: 'pipe' });
};
/** Flags that leave the TCP timeouts unchanged. */
const keepsTimeouts = ['--conntrack-tcp-timeout-established=0', '--conntrack-tcp-timeout-close-wait=0'];

let before: Settings;
beforeEach(() => {
  before = read();
});
afterEach(() => {
  for (const name of names) writeFileSync(path(name), String(before[name]));
});

test('sets each value from its flag', () => {
  const perCore = before.max;
  initialise(
    `--conntrack-max-per-core=${perCore}`,
    '--conntrack-min=1',
    '--conntrack-tcp-timeout-established=1h',
    '--conntrack-tcp-timeout-close-wait=90s',
    '--conntrack-tcp-be-liberal',
    '--conntrack-udp-timeout=11s',
    '--conntrack-udp-timeout-stream=12s',
  );
  expect(countCpus()).toBeGreaterThan(1);
  expect(read()).toEqual({
    max: perCore * countCpus(),
    tcp_timeout_established: 3600,
    tcp_timeout_close_wait: 90,
    tcp_be_liberal: 1,
    udp_timeout: 11,
    udp_timeout_stream: 12,
  });
});

test('sets the default limit and TCP timeouts without flags, and keeps the other values', () => {
  writeFileSync(path('max'), '1000');
  initialise();
  const max = Math.max(32_768 * countCpus(), 131_072);
  expect(read()).toEqual({ ...before, max, tcp_timeout_established: 86_400, tcp_timeout_close_wait: 3600 });
});

test('raises the limit to --conntrack-min, never lowers it, and keeps it with --conntrack-max-per-core=0', () => {
  const min = before.max + 1000;
  initialise('--conntrack-max-per-core=1', `--conntrack-min=${min}`, ...keepsTimeouts);
  expect(read()).toEqual({ ...before, max: min });
  initialise('--conntrack-max-per-core=1', '--conntrack-min=1000', ...keepsTimeouts);
  expect(read()).toEqual({ ...before, max: min });
  initialise('--conntrack-max-per-core=0', `--conntrack-min=${min * 2}`, ...keepsTimeouts);
  expect(read()).toEqual({ ...before, max: min });
});
