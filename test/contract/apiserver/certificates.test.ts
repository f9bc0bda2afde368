// A certificate as an administrator gets one: made with openssl, approved with kubectl, signed by the controllers.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../../src/api/certificates.ts';
import { services, signingRequests } from '../../../src/api/resources.ts';
import { createPki } from '../../../src/host/plan/pki.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { createClient } from '../../../src/node/client/client.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';
import { component } from '../../support/programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'labs-certificates-'));
const at = (name: string): string => join(folder, name);
const openssl = (...args: string[]): string => execFileSync('openssl', args, { stdio: 'pipe' }).toString();

let server: RunningApiserver;
let manager: ReturnType<typeof spawn>;

beforeAll(async () => {
  const { clientCa } = await createPki({ certificates: [] });
  writeFileSync(at('client-ca.crt'), clientCa.certificate);
  writeFileSync(at('client-ca.key'), clientCa.key, { mode: 0o600 });
  server = await startApiserver([], [clientCa.certificate]);
  const flags = [
    `--kubeconfig=${server.kubeconfig}`,
    `--cluster-signing-kube-apiserver-client-cert-file=${at('client-ca.crt')}`,
    `--cluster-signing-kube-apiserver-client-key-file=${at('client-ca.key')}`,
  ];
  manager = spawn(process.execPath, [component('controllers'), ...flags], { stdio: 'ignore' });
});
afterAll(async () => {
  const ended = once(manager, 'exit');
  manager.kill('SIGKILL');
  await ended;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns the name of the key's file */
const request = async (name: string, subject: string, ...key: string[]): Promise<string> => {
  const paths = ['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)];
  openssl('req', '-new', '-newkey', ...key, '-nodes', '-subj', subject, ...paths);
  const object = {
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
    spec: {
      request: readFileSync(at(`${name}.csr`)).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  };
  writeFileSync(at(`${name}.json`), JSON.stringify(object));
  await server.kubectl('apply', '-f', at(`${name}.json`));
  return at(`${name}.key`);
};

const signed = (name: string): Promise<CertificateSigningRequest> =>
  eventually(
    `${name} is signed`,
    async () => {
      const found = await server.client.get(signingRequests, { name });
      return found.status?.certificate ? done(found) : notYet(JSON.stringify(found.status));
    },
    { timeoutMs: 20_000 },
  );

test.each([
  ['ec', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']],
  ['rsa', ['rsa:2048']],
])('openssl and the API server believe a certificate for a key of the kind %s', async (name, key) => {
  const keyFile = await request(name, '/CN=system:kube-proxy', ...key);
  expect(await server.kubectl('get', 'csr', name, '--no-headers')).toMatch(
    new RegExp(`^${name} +\\d+s +kubernetes.io/kube-apiserver-client +kubernetes-admin +<none> +Pending`),
  );
  expect(await server.kubectl('certificate', 'approve', name)).toContain(`${name} approved`);
  const { status } = await signed(name);
  expect(await server.kubectl('get', 'csr', name, '--no-headers')).toMatch(/Approved,Issued\n$/);
  expect(await server.kubectl('describe', 'csr', name)).toMatch(/Common Name: +system:kube-proxy/);
  const cert = Buffer.from(status?.certificate ?? '', 'base64').toString();
  writeFileSync(at('issued.crt'), cert);
  expect(openssl('verify', '-purpose', 'sslclient', '-CAfile', at('client-ca.crt'), at('issued.crt'))).toContain('OK');
  expect(() => openssl('verify', '-purpose', 'sslserver', '-CAfile', at('client-ca.crt'), at('issued.crt'))).toThrow();
  const text = openssl('x509', '-in', at('issued.crt'), '-noout', '-text');
  expect(text).toMatch(/Issuer: CN ?= ?kubernetes-clients/);
  expect(text).toMatch(/Subject: CN ?= ?system:kube-proxy/);
  expect(text).toContain('TLS Web Client Authentication');
  const url = `https://127.0.0.1:${server.port}`;
  const client = createClient({ server: url, ca: server.pki.ca, cert, key: readFileSync(keyFile, 'utf8') });
  expect((await client.list(services)).items.map(({ metadata }) => metadata.name)).toEqual(['kubernetes']);
});

test('a denied request gets no certificate, and cannot be approved any more', async () => {
  await request('denied', '/CN=jane', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1');
  expect(await server.kubectl('certificate', 'deny', 'denied')).toContain('denied denied');
  expect(await server.kubectl('get', 'csr', 'denied', '--no-headers')).toMatch(/Denied\n$/);
  await expect(server.kubectl('certificate', 'approve', 'denied')).rejects.toThrow(/Denied|mutually exclusive/);
});

test('the group of administrators cannot be asked for', async () => {
  const made = request('masters', '/O=system:masters/CN=jane', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1');
  await expect(made).rejects.toThrow('with system:masters group is not allowed');
});

test('kubectl explains the resource, and finds it by its short name', async () => {
  expect(await server.kubectl('explain', 'csr.spec.signerName')).toContain('kubernetes.io/kube-apiserver-client');
  expect(await server.kubectl('api-resources')).toMatch(
    /^certificatesigningrequests +csr +certificates.k8s.io\/v1 +false/m,
  );
});
