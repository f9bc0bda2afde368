// Signs and verifies JSON Web Tokens (RFC 7519) with the API server's key for service accounts.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CompactSign, compactVerify, errors } from 'jose';
import { isRecord } from '../schema/record.ts';

/** A verified token's content. */
export type Payload = Readonly<Record<string, unknown>>;

export interface Jwt {
  sign(payload: Payload): Promise<string>;
  /** @returns undefined when the token is no JWT, or is signed with another key. The claims are not checked. */
  verify(token: string): Promise<Payload | undefined>;
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
  return {
    sign: (payload) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg: own.algorithm, kid: own.id })
        .sign(privateKey),
    verify: async (token) => {
      for (const verifier of verifiers) {
        const payload = await verifiedBy(verifier, token);
        if (payload) return payload;
      }
      return undefined;
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

const verifiedBy = async ({ key, algorithm }: Verifier, token: string): Promise<Payload | undefined> => {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    const content: unknown = JSON.parse(new TextDecoder().decode(payload));
    return isRecord(content) ? content : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
    throw error;
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
