// Tokens are signed and verified with the API server's keys, and with no other key or algorithm.
import { createHmac, createPublicKey, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createJwt } from '../../../src/node/apiserver/auth/jwt.ts';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const own = ec('P-256');
const older = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwt = createJwt({ signing: pem(own.privateKey), verifying: [pem(older.publicKey)] });
const payload = { iss: 'test', sub: 'system:serviceaccount:default:web', exp: 1 };

test('a token is signed with the key whose id is in the list of keys', async () => {
  const [head = ''] = (await jwt.sign(payload)).split('.');
  const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
  expect(alg).toBe('ES256');
  expect(jwt.keys.find((key) => (key as { kid: string }).kid === kid)).toMatchObject({ kty: 'EC', crv: 'P-256' });
});

test('a token of each key is valid, and its claims are not looked at', async () => {
  expect(await jwt.verify(await jwt.sign(payload))).toEqual(payload);
  const rsa = createJwt({ signing: pem(older.privateKey) });
  expect(await jwt.verify(await rsa.sign(payload))).toEqual(payload);
});

test('keys other than RSA and P-256 are refused', () => {
  const key = pem(ec('P-384').privateKey);
  expect(() => createJwt({ signing: key })).toThrow('keys of service accounts must be RSA or ECDSA P-256');
});

describe('a token is not valid', () => {
  const signed = (head: object, content: string): string => {
    const start = `${text(head)}.${content}`;
    const key = { key: own.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${start}.${createSign('sha256').update(start).sign(key).toString('base64url')}`;
  };
  const withSecret = (): string => {
    const start = `${text({ alg: 'HS256' })}.${text(payload)}`;
    const secret = pem(createPublicKey(own.privateKey));
    return `${start}.${createHmac('sha256', secret).update(start).digest('base64url')}`;
  };
  test('of these checks, the signing itself is right', async () => {
    expect(await jwt.verify(signed({ alg: 'ES256' }, text(payload)))).toEqual(payload);
  });
  test.each([
    ['of another key', async () => createJwt({ signing: pem(ec('P-256').privateKey) }).sign(payload)],
    ['with another content', async () => (await jwt.sign(payload)).replace(/\.[^.]+\./, `.${text({ iss: 'x' })}.`)],
    ['without a signature', () => `${text({ alg: 'none' })}.${text(payload)}.`],
    ['signed with the public key as a secret', withSecret],
    ['with the name of another algorithm', () => signed({ alg: 'RS256' }, text(payload))],
    ['whose content is no object', () => signed({ alg: 'ES256' }, text([1]))],
    ['whose content is no JSON', () => signed({ alg: 'ES256' }, 'bm8')],
    ['with a header that must be understood', () => signed({ alg: 'ES256', crit: ['x'], x: 1 }, text(payload))],
    ['with a fourth part', async () => `${await jwt.sign(payload)}.x`],
    ['which is a word', () => 'token'],
    ['which is empty', () => ''],
  ])('%s', async (_, token) => {
    expect(await jwt.verify(await token())).toBeUndefined();
  });
});
