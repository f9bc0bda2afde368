// Signs the requests for certificates of API clients that an administrator has approved
// (pkg/controller/certificates/signer).
import { type CertificateSigningRequest, clientSigner, type SigningCondition } from '../../api/certificates.ts';
import { signingRequests } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import { type Authority, signRequest, type Usage, usages } from '../x509/certificate.ts';
import { type CertificateRequest, parseRequest, RequestError } from '../x509/request.ts';
import { type Controller, nothing, type Outcome, watch } from './controller.ts';
import { patchStatus } from './writes.ts';

const shortestMs = 600_000;
/** A certificate is valid from before its signing, because the clocks of machines differ. */
const backdateMs = 300_000;

/** @param longestMs the validity of a certificate, unless its request asks for less */
export const createSigner = (authority: Authority, longestMs: number): Controller => ({
  name: 'csrsigning',
  watches: [watch(signingRequests, ({ metadata: { name } }) => [name])],
  reconcile(name, world) {
    const object = world.get(signingRequests, { name });
    if (!object || !isDue(object)) return nothing;
    const request = requestOf(object);
    const problem = request instanceof RequestError ? request.message : problemOf(object);
    if (request instanceof RequestError || problem !== undefined) return failed(object, problem ?? '', world.now);
    const certificate = sign(authority, object, request, { now: world.now, longestMs });
    const status = { ...object.status, certificate: Buffer.from(certificate).toString('base64') };
    return { writes: [patchStatus(signingRequests, object, status)] };
  },
});

const isDue = ({ spec, status, metadata }: CertificateSigningRequest): boolean => {
  const has = (type: string): boolean => (status?.conditions ?? []).some((condition) => condition.type === type);
  if (metadata.deletionTimestamp || status?.certificate || spec.signerName !== clientSigner) return false;
  return has('Approved') && !has('Denied') && !has('Failed');
};

const requestOf = ({ spec }: CertificateSigningRequest): CertificateRequest | RequestError => {
  try {
    return parseRequest(Buffer.from(spec.request, 'base64').toString());
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
};

const usagesOf = ({ spec }: CertificateSigningRequest): readonly string[] => spec.usages ?? [];

const isUsage = (usage: string): usage is Usage => Object.hasOwn(usages, usage);

const problemOf = (object: CertificateSigningRequest): string | undefined => {
  const wrong = usagesOf(object).find((usage) => !isUsage(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usagesOf(object).includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
};

const failed = (object: CertificateSigningRequest, message: string, now: number): Outcome => {
  const condition: SigningCondition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: timestamp(now),
    lastTransitionTime: timestamp(now),
  };
  const conditions = [...(object.status?.conditions ?? []), condition];
  return { writes: [patchStatus(signingRequests, object, { ...object.status, conditions })] };
};

const sign = (
  authority: Authority,
  object: CertificateSigningRequest,
  request: CertificateRequest,
  { now, longestMs }: { readonly now: number; readonly longestMs: number },
): string => {
  const { expirationSeconds } = object.spec;
  const wantedMs = expirationSeconds === undefined ? longestMs : Math.max(expirationSeconds * 1000, shortestMs);
  return signRequest(authority, request, {
    usages: usagesOf(object).filter(isUsage),
    notBeforeMs: now - backdateMs,
    // No certificate is valid longer than that of its authority.
    notAfterMs: Math.min(now + Math.min(wantedMs, longestMs) - backdateMs, authority.notAfterMs),
  });
};
