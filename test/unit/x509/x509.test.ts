import { createPublicKey, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPki } from '../../../src/host/plan/pki.ts';
import { readAuthority, signRequest } from '../../../src/node/x509/certificate.ts';
import { fromPem, toPem } from '../../../src/node/x509/pem.ts';
import { parseRequest, RequestError } from '../../../src/node/x509/request.ts';
import { aRequest, keyKinds } from '../../support/signing-request.ts';

const pki = await createPki({ certificates: [] });
const authority = readAuthority(pki.clientCa.certificate, pki.clientCa.key);
const terms = { usages: ['client auth', 'digital signature'], notBeforeMs: 0, notAfterMs: 4e12 } as const;
const signed = (pem: string): X509Certificate => new X509Certificate(signRequest(authority, parseRequest(pem), terms));

describe('requests', () => {
  test('have a subject, organizations and alternative names', async () => {
    const request = parseRequest(
      await aRequest({ commonName: 'jane', organizations: ['dev', '개발'], dnsName: 'x.org' }),
    );
    expect(request.organizations).toEqual(['dev', '개발']);
    expect(Buffer.from(request.alternativeNames?.extnValue.buffer ?? new ArrayBuffer(0)).toString('latin1')).toContain(
      'x.org',
    );
    expect(parseRequest(await aRequest()).alternativeNames).toBeUndefined();
  });

  test.each([
    ['', 'PEM block type must be CERTIFICATE REQUEST'],
    [pki.ca.certificate, 'PEM block type must be CERTIFICATE REQUEST'],
    [toPem(Buffer.from([0x30, 3, 1]), 'CERTIFICATE REQUEST'), 'malformed certificate request: '],
    [toPem(Buffer.from([0x30, 0]), 'CERTIFICATE REQUEST'), 'malformed certificate request: '],
  ])('are refused when they are none: %#', (pem, message) => {
    expect(() => parseRequest(pem)).toThrow(RequestError);
    expect(() => parseRequest(pem)).toThrow(message);
  });

  test('are refused when a byte has changed, unless it is outside of what is signed and changes nothing', async () => {
    const pem = await aRequest({ organizations: ['dev'] });
    const bytes = fromPem(pem, 'CERTIFICATE REQUEST') ?? Buffer.alloc(0);
    const original = parseRequest(pem);
    const parsed = (changed: Buffer): unknown => {
      try {
        return parseRequest(toPem(changed, 'CERTIFICATE REQUEST'));
      } catch (error) {
        return error;
      }
    };
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        const result = parsed(changed);
        if (result instanceof RequestError) refused += 1;
        else expect(result).toEqual(original);
      }),
    );
    expect(refused).toBeGreaterThan(50);
  });
});

describe('certificates', () => {
  test.each(Object.keys(keyKinds) as (keyof typeof keyKinds)[])('are signed for a key of the kind %s', async (kind) => {
    const pem = await aRequest({ commonName: 'jane', organizations: ['dev'], kind });
    const certificate = signed(pem);
    expect(certificate.verify(createPublicKey(pki.clientCa.certificate))).toBe(true);
    expect(certificate.issuer).toBe('CN=kubernetes-clients');
    expect(certificate.subject).toBe('O=dev\nCN=jane');
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(
      Buffer.from(AsnConvert.serialize(parseRequest(pem).publicKey)),
    );
    expect(certificate.validToDate.getTime()).toBe(terms.notAfterMs);
  });

  test('keep the alternative names of the request', async () => {
    expect(signed(await aRequest({ dnsName: 'x.org' })).subjectAltName).toBe('DNS:x.org');
  });

  test('have each a number of their own', async () => {
    const pem = await aRequest();
    expect(signed(pem).serialNumber).not.toBe(signed(pem).serialNumber);
  });

  test('are signed only by an authority with its own key', () => {
    expect(() => readAuthority(pki.clientCa.certificate, pki.ca.key)).toThrow('the key does not belong');
  });
});
