// Makes certificates (X.509, RFC 5280) for requests, in the name of an authority.
import { createPrivateKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  KeyUsage,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { toPem } from './pem.ts';
import type { CertificateRequest } from './request.ts';

/** Signs certificates with the key of an authority. */
export interface Authority {
  /** In DER. Parsed for each signature: the packages for that load slowly, and few clusters sign anything. */
  readonly certificate: Buffer;
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
  return { certificate: parsed.raw, key: privateKey, notAfterMs: parsed.validToDate.getTime() };
};

const signatureOids: Readonly<Record<string, string>> = {
  ec: '1.2.840.10045.4.3.2',
  rsa: '1.2.840.113549.1.1.11',
};

/** The parameters of RSA are NULL, those of the others are absent (RFC 4055, RFC 5758). */
const algorithmOf = ({ asymmetricKeyType: type }: KeyObject): AlgorithmIdentifier =>
  new AlgorithmIdentifier({
    algorithm: signatureOids[type ?? ''] ?? '',
    ...(type === 'rsa' ? { parameters: null } : {}),
  });

/** What a certificate may be used for. The names are those of Kubernetes, flags and OIDs those of RFC 5280. */
export const usages = {
  'digital signature': { flag: 1 },
  'key encipherment': { flag: 4 },
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
  const algorithm = algorithmOf(authority.key);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: AsnConvert.parse(authority.certificate, Certificate).tbsCertificate.subject,
    validity: new Validity({ notBefore: new Date(terms.notBeforeMs), notAfter: new Date(terms.notAfterMs) }),
    subject: request.subject,
    subjectPublicKeyInfo: request.publicKey,
    extensions: new Extensions(extensionsOf(request, terms)),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), authority.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: Uint8Array.from(signature).buffer,
  });
  return toPem(Buffer.from(AsnConvert.serialize(certificate)), 'CERTIFICATE');
};

/** A positive number of 16 bytes without a zero in front, as DER wants it. */
const serialNumber = (): ArrayBuffer => {
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
};

const extensionsOf = ({ alternativeNames }: CertificateRequest, terms: Terms): Extension[] => {
  const found = terms.usages.map((usage) => usages[usage]);
  const flags = found.reduce((sum, usage) => sum | ('flag' in usage ? usage.flag : 0), 0);
  const purposes = found.flatMap((usage) => ('oid' in usage ? [usage.oid] : []));
  return [
    ...(flags === 0 ? [] : [extension(id_ce_keyUsage, new KeyUsage(flags), true)]),
    ...(purposes.length === 0 ? [] : [extension(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes))]),
    extension(id_ce_basicConstraints, new BasicConstraints(), true),
    ...(alternativeNames === undefined
      ? []
      : [new Extension({ extnID: id_ce_subjectAltName, extnValue: alternativeNames.extnValue })]),
  ];
};

const extension = (extnID: string, value: object, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
