// Starts the real kube-apiserver as a process on a free loopback port, and removes its data folder at the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { createClient } from '../../src/node/client/client.ts';
import type { Client } from '../../src/node/client/types.ts';
import { createTestPki } from '../fixtures/pki.ts';

export interface RunningApiserver {
  /** A client with the administrator's credentials. */
  readonly client: Client;
  /** A file with the administrator's credentials, for kubectl and for components. */
  readonly kubeconfig: string;
  readonly folder: string;
  /** The output of the process so far. */
  log(): string;
  stop(): Promise<void>;
}

const entry = fileURLToPath(new URL('../../src/node/apiserver/main.ts', import.meta.url));

export const startApiserver = async (flags: readonly string[] = []): Promise<RunningApiserver> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-apiserver-'));
  const file = (name: string): string => join(folder, name);
  const pki = await createTestPki();
  const [serving, admin] = await Promise.all([
    pki.issue('kube-apiserver'),
    pki.issue('kubernetes-admin', ['system:masters']),
  ]);
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  await Promise.all([
    writeFile(file('ca.crt'), pki.ca),
    writeFile(file('apiserver.crt'), serving.cert),
    writeFile(file('apiserver.key'), serving.key),
    writeFile(file('admin.conf'), kubeconfigFor({ server, ca: pki.ca, ...admin })),
  ]);
  let output = '';
  const child = spawn(
    process.execPath,
    [
      entry,
      '--bind-address=127.0.0.1',
      // Like the original, the server refuses a loopback address as an endpoint. No test connects to this address.
      '--advertise-address=192.168.56.10',
      `--secure-port=${port}`,
      `--tls-cert-file=${file('apiserver.crt')}`,
      `--tls-private-key-file=${file('apiserver.key')}`,
      `--client-ca-file=${file('ca.crt')}`,
      '--service-cluster-ip-range=10.96.0.0/12',
      `--data-dir=${file('data')}`,
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  const dead = new AbortController();
  child.once('exit', () => dead.abort(new Error('the process has ended')));
  const client = createClient({ kubeconfig: file('admin.conf') });
  try {
    await eventually(
      'the API server is ready',
      async () => {
        const { status } = await client.raw('/readyz');
        return status === 200 ? done(true) : notYet(String(status));
      },
      { timeoutMs: 15_000, intervalMs: 10, maxIntervalMs: 50, signal: dead.signal },
    );
  } catch (error) {
    await stop();
    throw new Error(`the API server did not become ready: ${output}`, { cause: error });
  }
  return { client, kubeconfig: file('admin.conf'), folder, log: () => output, stop };
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfigFor = (parts: { server: string; ca: string; cert: string; key: string }): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: parts.server, 'certificate-authority-data': base64(parts.ca) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(parts.cert), 'client-key-data': base64(parts.key) },
      },
    ],
  });
