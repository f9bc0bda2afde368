// Signs the manifest of evidence with an Ed25519 key of the grader, and checks the signature.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import type { NamedFile } from './archive.ts';
import { manifestFile } from './chain.ts';
import { names } from './content.ts';
import { parseJson } from './json.ts';

const signatureSchema = z.strictObject({
  algorithm: z.literal('ed25519'),
  key: z.string(),
  signature: z.base64(),
});

/** Says what is signed, so that the signature of something else never fits. */
const signedBytes = (manifest: Buffer): Buffer => Buffer.concat([Buffer.from('labs evidence\n'), manifest]);

/** @param pem the content of the file. @throws LabError `LAB_KEY_UNREADABLE` */
export const readSigningKey = (file: string, pem: Buffer): KeyObject =>
  readKey(file, () => createPrivateKey(pem), 'private');

/** A private key will do, too: the public key is in it. @throws LabError `LAB_KEY_UNREADABLE` */
export const readCheckingKey = (file: string, pem: Buffer): KeyObject =>
  readKey(file, () => createPublicKey(pem), 'public');

const readKey = (file: string, read: () => KeyObject, what: 'private' | 'public'): KeyObject => {
  const refuse = (problem: string, cause?: unknown): LabError =>
    new LabError('LAB_KEY_UNREADABLE', `${file} is no ${what} Ed25519 key in PEM: ${problem}`, {
      cause,
      exitCode: ExitCode.usage,
      hint:
        what === 'private'
          ? 'Make one: `openssl genpkey -algorithm ed25519 -out grader.pem`.'
          : 'Make it of the private key: `openssl pkey -in grader.pem -pubout -out grader.pub`.',
    });
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse(`its type is ${key.asymmetricKeyType}`);
  return key;
};

/** Names a key: the hash of its public part. */
export const fingerprint = (key: KeyObject): string => {
  const open = key.type === 'private' ? createPublicKey(key) : key;
  return `SHA256:${createHash('sha256')
    .update(open.export({ type: 'spki', format: 'der' }))
    .digest('base64url')}`;
};

/** @returns the files, and the signature of their manifest behind them */
export const signFiles = (files: readonly NamedFile[], key: KeyObject): readonly NamedFile[] => {
  const manifest = files.find(({ name }) => name === manifestFile)?.bytes ?? Buffer.alloc(0);
  const signature = sign(null, signedBytes(manifest), key).toString('base64');
  const content = { algorithm: 'ed25519', key: fingerprint(key), signature };
  return [...files, { name: names.signature, bytes: Buffer.from(`${JSON.stringify(content, null, 1)}\n`) }];
};

export type SignatureState =
  | { readonly state: 'unsigned' }
  /** Signed, but nobody said with which key. `key` is what the evidence claims. */
  | { readonly state: 'unchecked'; readonly key: string }
  | { readonly state: 'valid'; readonly key: string }
  | { readonly state: 'wrong'; readonly key: string };

export const checkSignature = (files: readonly NamedFile[], key: KeyObject | undefined): SignatureState => {
  const bytes = files.find(({ name }) => name === names.signature)?.bytes;
  if (!bytes) return { state: 'unsigned' };
  const read = readSignature(bytes);
  if (!read) return { state: 'wrong', key: '' };
  if (!key) return { state: 'unchecked', key: read.key };
  const manifest = files.find(({ name }) => name === manifestFile)?.bytes ?? Buffer.alloc(0);
  const fits = verify(null, signedBytes(manifest), key, Buffer.from(read.signature, 'base64'));
  return { state: fits ? 'valid' : 'wrong', key: fits ? fingerprint(key) : read.key };
};

const readSignature = (bytes: Buffer): z.output<typeof signatureSchema> | undefined => {
  try {
    return signatureSchema.parse(parseJson(bytes));
  } catch {
    return undefined;
  }
};
