// Reads certificate requests (PKCS #10, RFC 2986), as `openssl req -new` writes them.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Attributes, CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type Extension,
  Extensions,
  id_ce_subjectAltName,
  type Name,
  type SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { messageOf } from '../../kit/error.ts';
import { fromPem } from './pem.ts';

export interface CertificateRequest {
  readonly subject: Name;
  readonly organizations: readonly string[];
  readonly publicKey: SubjectPublicKeyInfo;
  /** The requested alternative names, if there are any. */
  readonly alternativeNames: Extension | undefined;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** Reads a request and checks that its sender has the private key. @throws RequestError */
export const parseRequest = (pem: string): CertificateRequest => {
  const bytes = fromPem(pem, 'CERTIFICATE REQUEST');
  if (!bytes) throw new RequestError('PEM block type must be CERTIFICATE REQUEST');
  const request = decode(bytes);
  const { subject, subjectPKInfo: publicKey, attributes } = request.certificationRequestInfo;
  checkSignature(request);
  return {
    subject,
    organizations: organizationsOf(subject),
    publicKey,
    alternativeNames: malformedUnless(() => alternativeNamesOf(attributes)),
  };
};

/** The library says with errors of many types what it cannot read. */
const malformedUnless = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw new RequestError(`x509: malformed certificate request: ${messageOf(error)}`);
  }
};

const decode = (bytes: Buffer): CertificationRequest =>
  malformedUnless(() => AsnConvert.parse(bytes, CertificationRequest));

const checkSignature = (request: CertificationRequest): void => {
  const { certificationRequestInfoRaw = new ArrayBuffer(0), signatureAlgorithm, signature } = request;
  const { subjectPKInfo } = request.certificationRequestInfo;
  const hash = hashOf(signatureAlgorithm.algorithm);
  const key = keyOf(Buffer.from(AsnConvert.serialize(subjectPKInfo)));
  if (!isSigned(hash, Buffer.from(certificationRequestInfoRaw), key, Buffer.from(signature)))
    throw new RequestError('x509: the signature does not fit the public key of the request');
};

const keyOf = (publicKey: Buffer): KeyObject => {
  try {
    return createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch (error) {
    throw new RequestError(`x509: the public key cannot be read: ${messageOf(error)}`);
  }
};

const isSigned = (hash: string | null, body: Buffer, key: KeyObject, signature: Buffer): boolean => {
  try {
    return verify(hash, body, key, signature);
  } catch {
    // A signature of another kind of key.
    return false;
  }
};

/** The hash of a signature's algorithm. Ed25519 has none of its own. SHA-1 is missing, because Go refuses it. */
const hashes: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

const hashOf = (oid: string): string | null => {
  const hash = hashes[oid];
  if (hash === undefined) throw new RequestError(`x509: the algorithm ${oid} of the signature is not supported`);
  return hash;
};

const organizationName = '2.5.4.10';

const organizationsOf = (subject: Name): string[] =>
  subject.flatMap((attributes) =>
    attributes.flatMap(({ type, value }) => (type === organizationName ? [value.toString()] : [])),
  );

const extensionRequest = '1.2.840.113549.1.9.14';

const alternativeNamesOf = (attributes: Attributes): Extension | undefined =>
  attributes
    .filter(({ type }) => type === extensionRequest)
    .flatMap(({ values }) => values.flatMap((value) => [...AsnConvert.parse(value, Extensions)]))
    .find(({ extnID }) => extnID === id_ce_subjectAltName);
