import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findEndpoint, formatEndpoint } from '../../../src/host/docker/endpoint.ts';

const home = mkdtempSync(join(tmpdir(), 'labs-endpoint-'));
afterAll(() => rmSync(home, { recursive: true }));

const put = (path: string, content: string): string => {
  const full = join(home, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
};

describe('where Docker listens', () => {
  test.each([
    ['unix:///run/other.sock', { kind: 'unix', path: '/run/other.sock' }],
    ['tcp://10.0.0.5:2375', { kind: 'tcp', host: '10.0.0.5', port: 2375 }],
    ['10.0.0.5:4000', { kind: 'tcp', host: '10.0.0.5', port: 4000 }],
    ['ssh://me@box:2222', { kind: 'ssh', host: 'box', port: 2222, user: 'me', path: undefined }],
    ['ssh://box', { kind: 'ssh', host: 'box', port: undefined, user: undefined, path: undefined }],
    ['ssh://box/run/user/1/docker.sock', { kind: 'ssh', host: 'box', path: '/run/user/1/docker.sock' }],
  ])('DOCKER_HOST=%s', (address, expected) => {
    expect(findEndpoint({ DOCKER_HOST: address, HOME: home })).toMatchObject(expected);
  });

  test('TLS takes its certificates from DOCKER_CERT_PATH', () => {
    put('certs/ca.pem', 'CA');
    const variables = { DOCKER_HOST: 'tcp://box', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, 'certs') };
    expect(findEndpoint(variables)).toEqual({
      kind: 'tcp',
      host: 'box',
      port: 2376,
      tls: { ca: Buffer.from('CA') },
    });
  });

  test.each(['::', 'ftp://box', 'tcp://'])('refuses the address %s and names DOCKER_HOST', (address) => {
    expect(() => findEndpoint({ DOCKER_HOST: address, HOME: home })).toThrow(`DOCKER_HOST is "${address}"`);
  });

  test('uses the context of the docker command when DOCKER_HOST is not set', () => {
    const digest = createHash('sha256').update('rootless').digest('hex');
    put(`contexts/meta/${digest}/meta.json`, '{"Endpoints":{"docker":{"Host":"unix:///run/user/1000/docker.sock"}}}');
    put('config.json', '{"currentContext":"rootless"}');
    const variables = { DOCKER_CONFIG: home, HOME: home };
    expect(findEndpoint(variables)).toEqual({ kind: 'unix', path: '/run/user/1000/docker.sock' });
    expect(() => findEndpoint({ ...variables, DOCKER_CONTEXT: 'gone' })).toThrow('"gone" does not exist');
    expect(findEndpoint({ ...variables, DOCKER_CONTEXT: 'default' })).toMatchObject({ kind: 'unix' });
  });

  test('refuses a context with an unusable address, and names the context', () => {
    const digest = createHash('sha256').update('odd').digest('hex');
    put(`contexts/meta/${digest}/meta.json`, '{"Endpoints":{"docker":{"Host":"npipe:////./pipe/docker_engine"}}}');
    expect(() => findEndpoint({ DOCKER_CONFIG: home, HOME: home, DOCKER_CONTEXT: 'odd' })).toThrow(
      'The Docker context "odd" has the address "npipe:////./pipe/docker_engine"',
    );
  });

  test('a rootless engine’s socket is found where the system has none', () => {
    put('run/docker.sock', '');
    const { path } = findEndpoint({ HOME: home, XDG_RUNTIME_DIR: join(home, 'run') }) as { path: string };
    expect(['/var/run/docker.sock', join(home, 'run/docker.sock')]).toContain(path);
  });

  test('is formatted as users write it', () => {
    for (const address of ['ssh://me@box:22', 'ssh://box', 'ssh://box/run/docker.sock'])
      expect(formatEndpoint(findEndpoint({ DOCKER_HOST: address, HOME: home }))).toBe(address);
    expect(formatEndpoint({ kind: 'unix', path: '/var/run/docker.sock' })).toBe('/var/run/docker.sock');
  });
});
