// Reads certificate requests (PKCS #10, RFC 2986), as `openssl req -new` writes them.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { messageOf } from '../../kit/error.ts';
import { bitsOf, childrenOf, type Der, DerError, expectTag, oidOf, readDer, tags } from './der.ts';
import { fromPem } from './pem.ts';

export interface CertificateRequest {
  /** The whole subject as DER, for the certificate. */
  readonly subject: Buffer;
  readonly organizations: readonly string[];
  /** The public key as DER (SubjectPublicKeyInfo). */
  readonly publicKey: Buffer;
  /** The requested alternative names as DER, if there are any. */
  readonly alternativeNames: Buffer | undefined;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** Reads a request and checks that its sender has the private key. @throws RequestError */
export const parseRequest = (pem: string): CertificateRequest => {
  const bytes = fromPem(pem, 'CERTIFICATE REQUEST');
  if (!bytes) throw new RequestError('PEM block type must be CERTIFICATE REQUEST');
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof DerError) throw new RequestError(`x509: malformed certificate request: ${error.message}`);
    throw error;
  }
};

const parse = (bytes: Buffer): CertificateRequest => {
  const [info, algorithm, signature] = childrenOf(expectTag(readDer(bytes), tags.sequence, 'the request'));
  const body = expectTag(info, tags.sequence, 'the information');
  const [, subject, publicKey, attributes] = childrenOf(body);
  const request = {
    subject: expectTag(subject, tags.sequence, 'the subject').bytes,
    organizations: organizationsOf(expectTag(subject, tags.sequence, 'the subject')),
    publicKey: expectTag(publicKey, tags.sequence, 'the public key').bytes,
    alternativeNames: attributes && alternativeNamesOf(attributes),
  };
  const hash = hashOf(expectTag(algorithm, tags.sequence, 'the algorithm'));
  const signed = bitsOf(expectTag(signature, tags.bitString, 'the signature'));
  if (!isSigned(hash, body.bytes, keyOf(request.publicKey), signed))
    throw new RequestError('x509: the signature does not fit the public key of the request');
  return request;
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

const hashOf = (algorithm: Der): string | null => {
  const oid = oidOf(childrenOf(algorithm)[0] ?? algorithm);
  const hash = hashes[oid];
  if (hash === undefined) throw new RequestError(`x509: the algorithm ${oid} of the signature is not supported`);
  return hash;
};

const organizationName = '2.5.4.10';

const organizationsOf = (subject: Der): string[] =>
  childrenOf(subject)
    .flatMap(childrenOf)
    .flatMap((attribute) => {
      const [type, value] = childrenOf(attribute);
      return type && value && oidOf(type) === organizationName ? [textOf(value)] : [];
    });

const bmpString = 0x1e;

const textOf = ({ tag, content }: Der): string =>
  tag === bmpString && content.length % 2 === 0
    ? Buffer.from(content).swap16().toString('utf16le')
    : content.toString('utf8');

const extensionRequest = '1.2.840.113549.1.9.14';
const subjectAltName = '2.5.29.17';

const alternativeNamesOf = (attributes: Der): Buffer | undefined => {
  for (const attribute of childrenOf(attributes)) {
    const [type, values] = childrenOf(attribute);
    if (!type || !values || oidOf(type) !== extensionRequest) continue;
    for (const extension of childrenOf(values).flatMap(childrenOf)) {
      const [name, ...rest] = childrenOf(extension);
      const value = rest.at(-1);
      if (name && value && oidOf(name) === subjectAltName) return value.content;
    }
  }
  return undefined;
};
