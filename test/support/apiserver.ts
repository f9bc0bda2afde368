// Starts the real kube-apiserver as a process on a free port of loopback, with a store in a temporary folder.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { createClient } from '../../src/node/client/client.ts';
import type { ServerConfig } from '../../src/node/client/kubeconfig.ts';
import { createTransport } from '../../src/node/client/transport.ts';
import type { Client } from '../../src/node/client/types.ts';
import { createTestPki, type TestPki } from '../fixtures/pki.ts';
import { freePort } from './free-port.ts';
import { component } from './programs.ts';

export interface RunningApiserver extends AsyncDisposable {
  readonly pki: TestPki;
  /** A client with the administrator's credentials. */
  readonly client: Client;
  /** A file with the administrator's credentials, for kubectl and for components. */
  readonly kubeconfig: string;
  /** Credentials of a user. Without a name: no credentials. */
  configFor(name?: string, groups?: readonly string[]): Promise<ServerConfig>;
  /** Sends the signal and waits until the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts the killed server again, with the same store and port. */
  start(): Promise<void>;
  /** Ends the process and removes the store, like leaving the scope of `await using`. */
  stop(): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** Sends a request as administrator. @returns the body of the answer */
  send(method: 'PATCH' | 'PUT' | 'POST', path: string, contentType: string, body: unknown): Promise<unknown>;
  readonly port: number;
}

/** @param authorities PEM: further ones that sign the certificates of clients */
export const startApiserver = async (
  extraFlags: readonly string[] = [],
  authorities: readonly string[] = [],
): Promise<RunningApiserver> => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-apiserver-'));
  const pki = await createTestPki();
  const [serving, kubelet, admin, port] = await Promise.all([
    pki.issue('kube-apiserver'),
    pki.issue('kube-apiserver-kubelet-client', ['system:masters']),
    pki.issue('kubernetes-admin', ['system:masters']),
    freePort(),
  ]);
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const flags = [
    // The server refuses a loopback address as an endpoint, like the original. No test connects to this address.
    '--advertise-address=192.168.56.10',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${file('server.crt', serving.cert)}`,
    `--tls-private-key-file=${file('server.key', serving.key)}`,
    `--client-ca-file=${file('client-cas.crt', [pki.ca, ...authorities].join('\n'))}`,
    `--kubelet-client-certificate=${file('kubelet.crt', kubelet.cert)}`,
    `--kubelet-client-key=${file('kubelet.key', kubelet.key)}`,
    `--kubelet-certificate-authority=${file('ca.crt', pki.ca)}`,
    '--service-cluster-ip-range=10.96.0.0/12',
    `--data-dir=${join(folder, 'data')}`,
    ...extraFlags,
  ];
  const server = `https://127.0.0.1:${port}`;
  const config: ServerConfig = { server, ca: pki.ca, cert: admin.cert, key: admin.key };
  const kubeconfig = file('admin.conf', kubeconfigOf(config));
  const { start, kill } = childProcess(flags, createClient({ server, ca: pki.ca }));
  const stop = async (): Promise<void> => {
    await kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    pki,
    port,
    kubeconfig,
    stop,
    client: createClient(config),
    configFor: async (name, groups) => {
      if (name === undefined) return { server, ca: pki.ca };
      const { cert, key } = await pki.issue(name, groups);
      return { server, ca: pki.ca, cert, key };
    },
    kill,
    start,
    send: async (method, path, contentType, body) => {
      const { body: answer } = await createTransport(config).call({ method, path, contentType, body });
      return JSON.parse(answer);
    },
    kubectl: async (...args) => {
      const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder };
      const { stdout } = await promisify(execFile)('kubectl', args, { env: environment, timeout: 30_000 });
      return stdout;
    },
    [Symbol.asyncDispose]: stop,
  };
};

/** The process of the server. `start` resolves when the server is ready. */
const childProcess = (flags: readonly string[], client: Client) => {
  let child: ChildProcess | undefined;
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [component('apiserver'), ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    let log = '';
    started.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const ended = new AbortController();
    started.once('close', () => ended.abort(new Error(`kube-apiserver ended: ${log}`)));
    await eventually(
      'the API server is ready',
      async () => {
        const { status } = await client.raw('/readyz');
        return status === 200 ? done(true) : notYet(`/readyz answers ${status}`);
      },
      { timeoutMs: 15_000, intervalMs: 10, maxIntervalMs: 50, signal: ended.signal },
    );
  };
  return { start, kill };
};

const base64 = (text = ''): string => Buffer.from(text).toString('base64');

const kubeconfigOf = ({ server, ca, cert, key }: ServerConfig): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'admin', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
