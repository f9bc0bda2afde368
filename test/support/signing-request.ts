// Certificate requests for tests, made by another library than the one that is tested.
import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type CertificateSigningRequest, clientSigner } from '../../src/api/certificates.ts';

const provider = webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0];

export const keyKinds = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
  Ed25519: { name: 'Ed25519' },
} as const;

export interface Wanted {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly dnsName?: string;
  readonly kind?: keyof typeof keyKinds;
}

/** @returns PEM */
export const aRequest = async ({ commonName = 'jane', organizations = [], dnsName, kind = 'P-256' }: Wanted = {}) => {
  x509.cryptoProvider.set(provider);
  const algorithm = keyKinds[kind];
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    extensions:
      dnsName === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: dnsName }])],
  });
  return `${request.toString('pem')}\n`;
};

export const aSigningRequest = (
  pem: string,
  spec: Partial<CertificateSigningRequest['spec']> = {},
  status?: CertificateSigningRequest['status'],
): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'jane', uid: 'jane', resourceVersion: '1' },
  spec: { request: Buffer.from(pem).toString('base64'), signerName: clientSigner, usages: ['client auth'], ...spec },
  ...(status === undefined ? {} : { status }),
});
