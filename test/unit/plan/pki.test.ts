import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPki } from '../../../src/host/plan/pki.ts';
import { certificatesOf } from '../../../src/host/plan/plan.ts';
import { inputOf } from './fixtures.ts';

const pki = await createPki(certificatesOf(inputOf()));
const certificate = (id: string): X509Certificate => new X509Certificate(pki.issued[id]?.certificate ?? '');

test('every certificate is signed by the authority and fits its key', () => {
  const authority = new X509Certificate(pki.ca.certificate);
  expect(authority.ca).toBe(true);
  expect(Object.keys(pki.issued)).toHaveLength(14);
  for (const [id, { key }] of Object.entries(pki.issued)) {
    expect(certificate(id).verify(authority.publicKey), id).toBe(true);
    expect(certificate(id).checkPrivateKey(createPrivateKey(key)), id).toBe(true);
    expect(certificate(id).ca, id).toBe(false);
  }
});

test('clients get certificates of an authority of its own', () => {
  const authority = new X509Certificate(pki.clientCa.certificate);
  expect(authority.ca).toBe(true);
  expect(authority.checkPrivateKey(createPrivateKey(pki.clientCa.key))).toBe(true);
  expect(authority.publicKey.equals(createPublicKey(pki.ca.certificate))).toBe(false);
});

test('the two keys for the tokens of service accounts belong together', () => {
  const { key, publicKey } = pki.serviceAccounts;
  expect(createPublicKey(key).equals(createPublicKey(publicKey))).toBe(true);
});

test.each(['10.96.0.1', '192.168.56.10', '127.0.0.1'])(
  'the certificate of the API server has the address %s',
  (address) => {
    expect(certificate('apiserver').checkIP(address)).toBe(address);
  },
);

test.each([
  'kubernetes',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'controlplane',
  'localhost',
])('the API server is itself by the name %s', (name) => {
  expect(certificate('apiserver').checkHost(name)).toBe(name);
});

test.each([
  ['admin', 'O=system:masters\nCN=kubernetes-admin'],
  ['controller-manager', 'CN=system:kube-controller-manager'],
  ['scheduler', 'CN=system:kube-scheduler'],
  ['kubelet/node01', 'O=system:nodes\nCN=system:node:node01'],
  ['kube-proxy', 'CN=system:kube-proxy'],
  ['podnet', 'CN=system:podnet'],
  ['cluster-dns', 'CN=system:cluster-dns'],
  ['apiserver-kubelet-client', 'O=system:masters\nCN=kube-apiserver-kubelet-client'],
])('%s identifies itself as Kubernetes expects', (id, subject) => {
  expect(certificate(id).subject).toBe(subject);
});

test("the serving certificate of a kubelet has its node's name and address", () => {
  const kubelet = certificate('kubelet-serving/node02');
  expect(kubelet.checkHost('node02')).toBe('node02');
  expect(kubelet.checkIP('192.168.56.12')).toBe('192.168.56.12');
});

test('certificates are valid from yesterday on, because the clocks of host and engine may differ', () => {
  expect(certificate('admin').validFromDate.getTime()).toBeLessThan(Date.now() - 3_600_000);
  expect(certificate('admin').validToDate.getTime()).toBeGreaterThan(Date.now() + 365 * 86_400_000);
});
