// Command line flags: values, defaults, help and warnings.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeFlags, flagValues } from '../../../src/node/component/flag-text.ts';
import { parseFlags } from '../../../src/node/component/flags.ts';
import { flagSpecs, legacyFlags } from '../../../src/node/proxy/config/flags.ts';

const recorded = readFileSync(join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2/default-v1.log.txt'), 'utf8')
  .split('\n')
  .flatMap((line) => line.split('FLAG: ')[1] ?? []);

test('prints all flags of the original as the original does, with defaults', () => {
  const argv = [
    ...['--kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig', '--hostname-override=n1', '--proxy-mode=iptables'],
    ...['--cluster-cidr=10.200.0.0/15', '--conntrack-max-per-core=0', '--conntrack-tcp-timeout-established=0'],
    ...['--conntrack-tcp-timeout-close-wait=0s', '-v=1'],
  ];
  expect(recorded.length).toBeGreaterThan(50);
  expect(flagValues(flagSpecs, parseFlags(flagSpecs, argv), (name) => !legacyFlags.has(name))).toEqual(recorded);
});

test.each([
  '--udp-timeout=250ms',
  '--proxy-port-range=0-0',
  '--cleanup-ipvs=true',
  '--config-sync-period=15m',
  '--log-dir=/x',
])('accepts %s, a flag of older versions', (flag) => {
  expect(parseFlags(flagSpecs, [flag])).toBeTruthy();
});

test('prints help in 80 columns, with every flag once', () => {
  const lines = describeFlags(flagSpecs).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const named = lines.flatMap((line) => /^ {2}(?:-\w, | {4})--([\w-]+)/.exec(line)?.[1] ?? []);
  expect(named.sort()).toEqual(Object.keys(flagSpecs).sort());
});

const run = (...argv: string[]): { code: number; stderr: string } => {
  const main = join(import.meta.dirname, '../../../src/node/proxy/main.ts');
  try {
    execFileSync(process.execPath, [main, ...argv], { stdio: 'pipe', encoding: 'utf8', env: {} });
    return { code: 0, stderr: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { code: status, stderr };
  }
};

test('ends with an error if the address of the API server is unknown', () => {
  expect(run()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/the address of the API server is unknown: give --kubeconfig/),
  });
});

test('logs flags that have no effect, unless they have their default value', () => {
  const { stderr } = run('--kube-api-qps=50', '--kube-api-burst=10', '--feature-gates=A=true', '--logtostderr=true');
  expect(stderr).toMatch(/^W.*"This flag has no effect here" flag="--kube-api-qps"/m);
  expect(stderr).toMatch(/flag="--feature-gates"/);
  expect(stderr).not.toMatch(/kube-api-burst|--logtostderr/);
});
