// Signs and verifies JSON Web Tokens (RFC 7519) with the API server's key for service accounts.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** A verified token's content. */
export type Payload = Readonly<Record<string, unknown>>;

export interface Jwt {
  sign(payload: Payload): string;
  /** @returns undefined when the token is no JWT, or is signed with another key */
  verify(token: string): Payload | undefined;
  /** JSON Web Keys (RFC 7517), with which others can verify the tokens. */
  readonly keys: readonly object[];
}

/** How tokens of service accounts are made and checked. */
export interface Tokens {
  readonly jwt: Jwt;
  readonly issuer: string;
  /** A token is valid here if it names one of these audiences. */
  readonly audiences: readonly string[];
}

export interface JwtKeys {
  /** PEM. */
  readonly signing: string;
  /** PEM: further keys whose tokens are valid. */
  readonly verifying?: readonly string[];
}

interface Verifier {
  readonly id: string;
  readonly algorithm: 'ES256' | 'RS256';
  readonly key: KeyObject;
}

/** @throws Error on a key that is neither RSA nor ECDSA P-256 */
export const createJwt = ({ signing, verifying = [] }: JwtKeys): Jwt => {
  const privateKey = createPrivateKey(signing);
  const own = verifierOf(createPublicKey(privateKey));
  const others = verifying.map((pem) => verifierOf(createPublicKey(pem))).filter(({ id }) => id !== own.id);
  const verifiers = [own, ...others];
  const head = encode({ alg: own.algorithm, kid: own.id });
  return {
    sign: (payload) => {
      const signed = `${head}.${encode(payload)}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
    verify: (token) => {
      const [header = '', payload = '', signature = '', ...rest] = token.split('.');
      const { alg } = decode(header) ?? {};
      if (rest.length > 0) return undefined;
      const content = Buffer.from(`${header}.${payload}`);
      const bytes = Buffer.from(signature, 'base64url');
      const isSigned = verifiers.some(
        ({ key, algorithm }) =>
          algorithm === alg && verify('sha256', content, { key, dsaEncoding: 'ieee-p1363' }, bytes),
      );
      return isSigned ? decode(payload) : undefined;
    },
    keys: verifiers.map(({ key, id, algorithm }) => ({
      use: 'sig',
      kid: id,
      alg: algorithm,
      ...key.export({ format: 'jwk' }),
    })),
  };
};

/** The key id is a hash of the public key, as in Kubernetes. */
const verifierOf = (key: KeyObject): Verifier => {
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return { id, key, algorithm: 'RS256' };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return { id, key, algorithm: 'ES256' };
  throw new Error('keys of service accounts must be RSA or ECDSA P-256');
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const decode = (text: string): Payload | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Payload) : undefined;
  } catch {
    return undefined;
  }
};

/** The PEM in the file. Makes the file with a new key if it does not exist. */
export const readOrCreateKey = (file: string): string => {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
};
