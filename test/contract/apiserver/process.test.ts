import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configMaps } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { startApiserver } from '../../support/apiserver.ts';
import { component } from '../../support/programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-apiserver-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...flags: string[]) => {
  const result = spawnSync(process.execPath, [component('apiserver'), `--data-dir=${folder}/data`, ...flags], {
    timeout: 10_000,
  });
  return { code: result.status, says: result.stderr.toString() };
};

describe('with invalid flags, kube-apiserver exits at once and leaves no files behind', () => {
  const tls = ['--tls-cert-file=/dev/null', '--tls-private-key-file=/dev/null'];
  test.each([
    { flags: [...tls, '--service-cluster-ip-range=10.96.0.0/99'], says: 'invalid CIDR address: 10.96.0.0/99' },
    { flags: [...tls, '--service-cluster-ip-range=10.0.0.0/8'], says: 'the mask must be >= 12' },
    { flags: [...tls, '--service-node-port-range=80'], says: '--service-node-port-range' },
    { flags: ['--tls-cert-file=/none'], says: '/none' },
    { flags: [], says: '--tls-cert-file is required' },
    { flags: ['--secure-port=x'], says: 'invalid argument "x" for "--secure-port" flag' },
    { flags: ['--colour=blue'], says: 'unknown flag: --colour' },
  ])('$flags', ({ flags, says }) => {
    const result = run(...flags);
    expect(result.code).toBe(1);
    expect(result.says).toContain(says);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});

test('a second server on the same port exits with EADDRINUSE', async () => {
  await using server = await startApiserver();
  const { cert, key } = await server.pki.issue('other');
  writeFileSync(join(folder, 'crt'), cert);
  writeFileSync(join(folder, 'key'), key);
  const flags = [`--tls-cert-file=${folder}/crt`, `--tls-private-key-file=${folder}/key`];
  const result = run(
    ...flags,
    '--bind-address=127.0.0.1',
    '--advertise-address=192.168.56.10',
    `--secure-port=${server.port}`,
  );
  expect(result.code).toBe(1);
  expect(result.says).toContain('EADDRINUSE');
});

test('SIGTERM ends watches properly, and the process soon after', async () => {
  await using server = await startApiserver();
  const { metadata } = await server.client.list(configMaps);
  const signal = AbortSignal.timeout(10_000);
  const watch = server.client.watch(configMaps, { resourceVersion: metadata.resourceVersion, signal });
  const events: string[] = [];
  const ended = (async () => {
    for await (const { type } of watch) events.push(type);
  })();
  await server.client.create(configMaps, { metadata: { name: 'a', namespace: 'default' } });
  await eventually('the watch runs', () => (events.length > 0 ? done(0) : notYet('no event')), { timeoutMs: 5000 });
  await server.kill('SIGTERM');
  await ended;
  expect(events).toEqual(['ADDED']);
});
