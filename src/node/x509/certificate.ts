// Makes certificates (X.509, RFC 5280) for requests, in the name of an authority.
import { createPrivateKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { childrenOf, der, derInteger, derOid, derTime, expectTag, readDer, tags } from './der.ts';
import { fromPem, toPem } from './pem.ts';
import type { CertificateRequest } from './request.ts';

/** Signs certificates with the key of an authority. */
export interface Authority {
  /** The subject as DER. */
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly notAfterMs: number;
}

/** @param certificate and key are PEM. @throws Error when they do not belong together */
export const readAuthority = (certificate: string, key: string): Authority => {
  const parsed = new X509Certificate(certificate);
  const privateKey = createPrivateKey(key);
  if (!parsed.ca) throw new Error('the certificate is not that of an authority');
  if (!parsed.checkPrivateKey(privateKey)) throw new Error('the key does not belong to the certificate');
  if (!signatureOids[privateKey.asymmetricKeyType ?? ''])
    throw new Error(`keys of the type ${privateKey.asymmetricKeyType} are not supported`);
  const [info] = childrenOf(readDer(fromPem(certificate, 'CERTIFICATE') ?? Buffer.alloc(0)));
  const fields = childrenOf(expectTag(info, tags.sequence, 'the information'));
  // An authority has a version, a serial number, an algorithm, an issuer, a validity, and then its subject.
  const name = expectTag(fields[5], tags.sequence, 'the subject').bytes;
  return { name, key: privateKey, notAfterMs: parsed.validToDate.getTime() };
};

const signatureOids: Readonly<Record<string, string>> = {
  ec: '1.2.840.10045.4.3.2',
  rsa: '1.2.840.113549.1.1.11',
};

/** What a certificate may be used for. The names are those of Kubernetes. */
export const usages = {
  'digital signature': { bit: 0 },
  'key encipherment': { bit: 2 },
  'client auth': { oid: '1.3.6.1.5.5.7.3.2' },
} as const;
export type Usage = keyof typeof usages;

export interface Terms {
  readonly usages: readonly Usage[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** @returns the certificate as PEM */
export const signRequest = (authority: Authority, request: CertificateRequest, terms: Terms): string => {
  const oid = derOid(signatureOids[authority.key.asymmetricKeyType ?? ''] ?? '');
  const algorithm =
    authority.key.asymmetricKeyType === 'rsa' ? der(tags.sequence, oid, der(tags.null)) : der(tags.sequence, oid);
  const info = der(
    tags.sequence,
    der(tags.context(0), derInteger(Buffer.from([2]))),
    derInteger(randomBytes(16)),
    algorithm,
    authority.name,
    der(tags.sequence, derTime(terms.notBeforeMs), derTime(terms.notAfterMs)),
    request.subject,
    request.publicKey,
    der(tags.context(3), der(tags.sequence, ...extensionsOf(request, terms))),
  );
  const signature = der(tags.bitString, Buffer.from([0]), sign('sha256', info, authority.key));
  return toPem(der(tags.sequence, info, algorithm, signature), 'CERTIFICATE');
};

const extensionsOf = ({ alternativeNames }: CertificateRequest, terms: Terms): Buffer[] => {
  const found = terms.usages.map((usage) => usages[usage]);
  const bits = found.flatMap((usage) => ('bit' in usage ? [usage.bit] : []));
  const purposes = found.flatMap((usage) => ('oid' in usage ? [derOid(usage.oid)] : []));
  return [
    ...(bits.length === 0 ? [] : [extension('2.5.29.15', flags(bits), true)]),
    ...(purposes.length === 0 ? [] : [extension('2.5.29.37', der(tags.sequence, ...purposes))]),
    extension('2.5.29.19', der(tags.sequence), true),
    ...(alternativeNames === undefined ? [] : [extension('2.5.29.17', alternativeNames)]),
  ];
};

const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  der(
    tags.sequence,
    derOid(oid),
    ...(critical ? [der(tags.boolean, Buffer.from([0xff]))] : []),
    der(tags.octetString, value),
  );

/** A bit string of named bits. The first bit is the highest one; DER leaves out zeros at the end. */
const flags = (bits: readonly number[]): Buffer => {
  const last = Math.max(...bits);
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return der(tags.bitString, Buffer.from([7 - last, byte]));
};
