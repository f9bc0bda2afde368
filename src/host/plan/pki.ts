// Makes the cluster's certificates. The plan takes them as an argument, so that the plan itself stays pure.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { CertificateRequest, KeyPair, Pki, PkiRequest } from './identities.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const years = 10;
const dayMs = 86_400_000;

interface Issuer {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Makes two certificate authorities and all certificates of a cluster: ECDSA P-256, in about 30 ms. */
export const createPki = async (request: PkiRequest): Promise<Pki> => {
  cryptoProvider.set(webcrypto);
  const [keys, clientKeys] = await Promise.all([newKeys(), newKeys()]);
  const issuer: Issuer = { name: 'CN=kubernetes', keys };
  const [ca, clientCa, serviceAccounts, issued] = await Promise.all([
    selfSigned(issuer),
    selfSigned({ name: 'CN=kubernetes-clients', keys: clientKeys }),
    newKeys().then(exportPair),
    Promise.all(request.certificates.map(async (wanted) => [wanted.id, await issue(issuer, wanted)] as const)),
  ]);
  return { ca, clientCa, serviceAccounts, issued: Object.fromEntries(issued) };
};

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const selfSigned = async ({ name, keys }: Issuer): Promise<KeyPair> => {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
};

const issue = async (issuer: Issuer, wanted: CertificateRequest): Promise<KeyPair> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...validity(),
    issuer: issuer.name,
    subject: [...wanted.organisations.map((o) => ({ O: [o] })), { CN: [wanted.commonName] }],
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([
        ...(wanted.server ? [ExtendedKeyUsage.serverAuth] : []),
        ...(wanted.client ? [ExtendedKeyUsage.clientAuth] : []),
      ]),
      ...(wanted.server ? [new SubjectAlternativeNameExtension(alternativeNames(wanted))] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
};

const alternativeNames = ({ dnsNames, addresses }: CertificateRequest) => [
  ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
  ...addresses.map((value) => ({ type: 'ip' as const, value })),
];

/** Valid from yesterday on, because the clocks of host and engine may differ. */
const validity = () => {
  const now = Date.now();
  return {
    serialNumber: positiveSerial(),
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + years * 365 * dayMs),
  };
};

/** RFC 5280: a positive integer of at most 20 octets. */
const positiveSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
};

const exportPair = async ({ privateKey, publicKey }: webcrypto.CryptoKeyPair): Promise<Pki['serviceAccounts']> => ({
  key: await exportKey(privateKey),
  publicKey: pem('PUBLIC KEY', await webcrypto.subtle.exportKey('spki', publicKey)),
});

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', key));

const pem = (title: string, der: ArrayBuffer): string => {
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${title}-----\n${lines}\n-----END ${title}-----\n`;
};
