import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../../src/api/certificates.ts';
import { createPki } from '../../../src/host/plan/pki.ts';
import { createSigner } from '../../../src/node/controllers/signing.ts';
import { readAuthority } from '../../../src/node/x509/certificate.ts';
import { aRequest, aSigningRequest } from '../../support/signing-request.ts';
import { aWorld } from '../../support/world.ts';

const pki = await createPki({ certificates: [] });
const yearMs = 365 * 86_400_000;
const signer = createSigner(readAuthority(pki.clientCa.certificate, pki.clientCa.key), yearMs);
const pem = await aRequest();
const now = Date.now();
const approved = { conditions: [{ type: 'Approved', status: 'True' }] } as CertificateSigningRequest['status'];

const statusAfter = (
  object: CertificateSigningRequest,
): NonNullable<CertificateSigningRequest['status']> | undefined => {
  const [write] = signer.reconcile('jane', aWorld([object], now)).writes;
  if (write === undefined) return undefined;
  expect(write).toMatchObject({ verb: 'patch', options: { subresource: 'status' } });
  return (write as unknown as { patch: CertificateSigningRequest }).patch.status;
};
const certificateOf = (object: CertificateSigningRequest): X509Certificate =>
  new X509Certificate(Buffer.from(statusAfter(object)?.certificate ?? '', 'base64'));

test('an approved request is signed, and stays approved', () => {
  const object = aSigningRequest(pem, {}, approved);
  expect(statusAfter(object)).toMatchObject({ conditions: [{ type: 'Approved' }] });
  expect(certificateOf(object).subject).toBe('CN=jane');
});

test.each([
  { name: 'nobody has decided about', status: {} },
  { name: 'is denied', status: { conditions: [{ type: 'Denied', status: 'True' }] } },
  { name: 'has failed', status: { conditions: [...(approved?.conditions ?? []), { type: 'Failed', status: 'True' }] } },
  { name: 'has a certificate', status: { ...approved, certificate: 'eA==' } },
])('a request that $name is left alone', ({ status }) => {
  expect(statusAfter(aSigningRequest(pem, {}, status as CertificateSigningRequest['status']))).toBeUndefined();
});

test.each([
  { usages: ['client auth', 'server auth'], message: 'invalid usage for client certificate: server auth' },
  { usages: ['digital signature'], message: 'missing required usage for client certificate: client auth' },
])('an approved request for $usages fails', ({ usages, message }) => {
  const status = statusAfter(aSigningRequest(pem, { usages }, approved));
  expect(status?.certificate).toBeUndefined();
  expect(status?.conditions).toMatchObject([
    { type: 'Approved' },
    { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message },
  ]);
});

test.each([
  { name: 'a year without a wish', seconds: undefined, expectedMs: yearMs },
  { name: 'as long as the request asks for', seconds: 3600, expectedMs: 3_600_000 },
  { name: 'a year at most', seconds: 2_000_000_000, expectedMs: yearMs },
])('a certificate is valid for $name', ({ seconds, expectedMs }) => {
  const spec = seconds === undefined ? {} : { expirationSeconds: seconds };
  const { validFromDate, validToDate } = certificateOf(aSigningRequest(pem, spec, approved));
  expect(validToDate.getTime() - validFromDate.getTime()).toBe(expectedMs);
  expect(validFromDate.getTime()).toBeLessThan(now);
});
