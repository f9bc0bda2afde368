// Tests of credentials: tokens and certificates that change at run time, exec plugins, and service accounts of pods.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configMaps } from '../../../src/api/resources.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { inClusterConfig } from '../../../src/node/client/in-cluster.ts';
import { loadKubeconfig } from '../../../src/node/client/kubeconfig.ts';
import { createTestPki } from '../../fixtures/pki.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

const empty = { body: { kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: [] } };
const list = (client: ReturnType<typeof createClient>) => client.list(configMaps);
const tokens = ({ asked }: ScriptedServer) => asked.map(({ token }) => token);

/** A kubeconfig in its own folder. JSON is YAML, too. */
const write = (server: string, user: object, cluster: object = {}): string => {
  const path = join(mkdtempSync(join(folder, 'k-')), 'config');
  const context = { cluster: 'c', user: 'u' };
  writeFileSync(
    path,
    JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context }],
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user }],
    }),
  );
  return path;
};

/** A plugin that prints TOKEN-1, TOKEN-2, … and records its arguments and environment. */
const writePlugin = (status = '"token": "TOKEN-$n"'): string => {
  const home = mkdtempSync(join(folder, 'p-'));
  writeFileSync(
    join(home, 'plugin'),
    `#!/bin/sh
n=$(($(cat ${home}/count 2>/dev/null || echo 0) + 1)); echo $n >${home}/count
echo "$*|$REGION|$KUBERNETES_EXEC_INFO" >${home}/called
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {'"${status.replaceAll('"', '\\"')}"'}}'
`,
    { mode: 0o755 },
  );
  return join(home, 'plugin');
};
const apiVersion = 'client.authentication.k8s.io/v1';

test('a server without TLS and a server behind a path are reached at their URL', async () => {
  await using server = await startScriptedServer(() => empty);
  await list(createClient({ server: `${server.url}/k8s/clusters/c-1`, token: 'secret' }));
  expect(server.asked).toEqual([
    { url: '/k8s/clusters/c-1/api/v1/configmaps?limit=1000', token: 'Bearer secret', name: undefined },
  ]);
});

test('a token file is read for each request, and its last content is used while the file is being replaced', async () => {
  await using server = await startScriptedServer(() => empty);
  const path = write(server.url, { tokenFile: 'token' });
  const file = join(path, '../token');
  writeFileSync(file, 'first\n');
  const client = createClient({ kubeconfig: path });
  await list(client);
  writeFileSync(file, 'second\n');
  await list(client);
  rmSync(file);
  await list(client);
  expect(tokens(server)).toEqual(['Bearer first', 'Bearer second', 'Bearer second']);
});

test('a token that was rotated during a request is used for a retry at once', async () => {
  let rotate = (): void => {};
  await using server = await startScriptedServer(({ token }) => {
    rotate();
    return token === 'Bearer second' ? empty : { status: 401 };
  });
  const path = write(server.url, { tokenFile: 'token' });
  const file = join(path, '../token');
  writeFileSync(file, 'first');
  rotate = () => writeFileSync(file, 'second');
  await list(createClient({ kubeconfig: path }));
  expect(tokens(server)).toEqual(['Bearer first', 'Bearer second']);
});

test('a refused request is not repeated if there is no other credential', async () => {
  await using server = await startScriptedServer(() => ({ status: 401 }));
  await expect(list(createClient({ server: server.url, token: 'wrong' }))).rejects.toMatchObject({ code: 401 });
  expect(server.asked).toHaveLength(1);
});

test('client certificates in files are read again, and new connections use them', async () => {
  const pki = await createTestPki();
  const [serving, first, second] = await Promise.all(['localhost', 'first', 'second'].map((name) => pki.issue(name)));
  await using server = await startScriptedServer(() => empty, { ...serving, ca: pki.ca });
  const user = { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
  const ca = { 'certificate-authority-data': Buffer.from(pki.ca).toString('base64') };
  const path = write(server.url, user, ca);
  const put = (pair: { cert: string; key: string } | undefined): void => {
    writeFileSync(join(path, '../cert.pem'), pair?.cert ?? '');
    writeFileSync(join(path, '../key.pem'), pair?.key ?? '');
  };
  put(first);
  const client = createClient({ kubeconfig: path });
  await list(client);
  put(second);
  await list(client);
  expect(server.asked.map(({ name }) => name)).toEqual(['first', 'second']);
});

test('the certificate must have the name tls-server-name, unless insecure-skip-tls-verify accepts every certificate', async () => {
  const pki = await createTestPki();
  await using server = await startScriptedServer(() => empty, { ...(await pki.issue('localhost')), ca: pki.ca });
  const other = createClient({ server: server.url, ca: pki.ca, serverName: 'somebody.example' });
  await expect(list(other)).rejects.toThrow(/somebody\.example/);
  await expect(list(createClient({ server: server.url }))).rejects.toThrow(/certificate/);
  await list(createClient({ server: server.url, insecure: true }));
});

test('an exec plugin gets its arguments, its environment and the cluster, and runs once for all waiting requests', async () => {
  await using server = await startScriptedServer(() => empty);
  const plugin = writePlugin();
  const exec = {
    ...{ apiVersion, command: plugin, args: ['get', 'token'], provideClusterInfo: true },
    ...{ env: [{ name: 'REGION', value: 'north' }], interactiveMode: 'Never' },
  };
  const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }];
  const client = createClient({ kubeconfig: write(server.url, { exec }, { extensions }) });
  await Promise.all([list(client), list(client)]);
  await list(client);
  expect(tokens(server)).toEqual(Array(3).fill('Bearer TOKEN-1'));
  const [args, region, info = ''] = readFileSync(join(plugin, '../called'), 'utf8').trim().split('|');
  expect([args, region]).toEqual(['get token', 'north']);
  expect(JSON.parse(info)).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: server.url, config: { audience: 'a' } } },
  });
});

test('an exec plugin runs again when the server refuses its credential, but only once per request', async () => {
  await using server = await startScriptedServer(({ token }) => (token === 'Bearer TOKEN-2' ? empty : { status: 401 }));
  const client = createClient({ kubeconfig: write(server.url, { exec: { apiVersion, command: writePlugin() } }) });
  await list(client);
  await list(client);
  expect(tokens(server)).toEqual(['Bearer TOKEN-1', 'Bearer TOKEN-2', 'Bearer TOKEN-2']);
  await using never = await startScriptedServer(() => ({ status: 401 }));
  const hopeless = createClient({ kubeconfig: write(never.url, { exec: { apiVersion, command: writePlugin() } }) });
  await expect(list(hopeless)).rejects.toMatchObject({ code: 401 });
  expect(tokens(never)).toEqual(['Bearer TOKEN-1', 'Bearer TOKEN-2']);
});

test('an exec plugin runs again when its credential is about to expire', async () => {
  await using server = await startScriptedServer(() => empty);
  const inMs = (ms: number): string =>
    `"token": "TOKEN-$n", "expirationTimestamp": "${new Date(Date.now() + ms).toISOString()}"`;
  for (const [ms, second] of [
    [5000, 'Bearer TOKEN-2'],
    [600_000, 'Bearer TOKEN-1'],
  ] as const) {
    const exec = { apiVersion, command: writePlugin(inMs(ms)) };
    const client = createClient({ kubeconfig: write(server.url, { exec }) });
    await list(client);
    await list(client);
    expect(tokens(server).at(-1)).toBe(second);
  }
});

test('the error names a plugin that fails, but shows neither its arguments nor its output', async () => {
  const secret = 'hunter2';
  const script = (text: string): string => {
    const path = join(mkdtempSync(join(folder, 'p-')), 'plugin');
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };
  const failure = async (command: string, more: object = {}): Promise<string> => {
    const exec = { apiVersion, command, args: [secret], ...more };
    return await list(createClient({ kubeconfig: write('http://127.0.0.1:1', { exec }) })).then(
      () => '',
      (error: unknown) => String(error),
    );
  };
  const messages = [
    await failure('no-such-plugin', { installHint: 'Install it with apt.' }),
    await failure(script(`echo ${secret}; echo logged out >&2; exit 3`)),
    await failure(script(`echo ${secret}`)),
    await failure(writePlugin(), { apiVersion: 'client.authentication.k8s.io/v1beta1' }),
    await failure(writePlugin('"token": ""')),
    await failure(writePlugin('"clientCertificateData": "x"')),
  ];
  const wanted = [
    /no-such-plugin could not be run: .*ENOENT\nInstall it with apt\./,
    /plugin failed with exit code 3: logged out$/,
    /did not print an ExecCredential/,
    /printed client\.authentication\.k8s\.io\/v1, but the kubeconfig requires client\.authentication\.k8s\.io\/v1beta1/,
    /gave neither token nor certificate/,
    /gave a certificate without its key/,
  ];
  for (const [index, pattern] of wanted.entries()) expect(messages[index]).toMatch(pattern);
  expect(messages.join()).not.toContain(secret);
});

test.each([
  [{ exec: { apiVersion, command: 'x', interactiveMode: 'Always' } }, {}, 'there is no terminal'],
  [{ exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } }, {}, 'apiVersion must be'],
  [{ exec: { apiVersion } }, {}, '"command" is missing'],
  [{ username: 'admin', password: 'x' }, {}, '"username": passwords are not supported'],
  [{ 'auth-provider': { name: 'gcp' } }, {}, 'use an exec plugin'],
  [{}, { 'proxy-url': 'http://proxy:3128' }, 'connections through a proxy are not supported'],
])('a kubeconfig with user %j and cluster %j is refused', (user, cluster, message) => {
  expect(() => loadKubeconfig(write('https://h:1', user, cluster))).toThrow(message);
});

test('in a pod, the server is found through the environment and the service account', async () => {
  const volume = join(folder, 'serviceaccount');
  mkdirSync(volume);
  writeFileSync(join(volume, 'token'), 'pod');
  writeFileSync(join(volume, 'ca.crt'), 'CA');
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  expect(inClusterConfig(environment, volume)).toEqual({
    server: 'https://[fd00::1]:443',
    tokenFile: join(volume, 'token'),
    ca: 'CA',
  });
  expect(inClusterConfig({}, volume)).toBeUndefined();
  expect(inClusterConfig(environment, join(folder, 'nowhere'))).toBeUndefined();
});
