// Writes the files of the API stub (`api-stub.ts`) and its clients: a self-signed certificate and a kubeconfig.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';

/** Writes `cert.pem`, `key.pem` and `kubeconfig`. The folder is the first argument of the API stub. */
export const writeStubFiles = async (folder: string): Promise<void> => {
  made ??= makeCertificate();
  const { certificate, key } = await made;
  writeFileSync(join(folder, 'cert.pem'), certificate);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
};

/** One certificate for all stubs of a process. */
let made: ReturnType<typeof makeCertificate> | undefined;

const makeCertificate = async (): Promise<{ readonly certificate: string; readonly key: string }> => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=stub',
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 86_400_000),
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: certificate.toString('pem'), key };
};

const kubeconfig = {
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: {} }],
};
