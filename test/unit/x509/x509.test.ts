import { createPublicKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPki } from '../../../src/host/plan/pki.ts';
import { readAuthority, signRequest } from '../../../src/node/x509/certificate.ts';
import {
  childrenOf,
  DerError,
  der,
  derInteger,
  derOid,
  derTime,
  oidOf,
  readDer,
  tags,
} from '../../../src/node/x509/der.ts';
import { fromPem, toPem } from '../../../src/node/x509/pem.ts';
import { parseRequest, RequestError } from '../../../src/node/x509/request.ts';
import { aRequest, keyKinds } from '../../support/signing-request.ts';

const pki = await createPki({ certificates: [] });
const authority = readAuthority(pki.clientCa.certificate, pki.clientCa.key);
const terms = { usages: ['client auth', 'digital signature'], notBeforeMs: 0, notAfterMs: 4e12 } as const;
const signed = (pem: string): X509Certificate => new X509Certificate(signRequest(authority, parseRequest(pem), terms));

describe('DER', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('reads a value of %i bytes as it was written', (length) => {
    const content = Buffer.alloc(length, 7);
    expect(readDer(der(tags.octetString, content))).toMatchObject({ tag: tags.octetString, content });
  });

  test.each(['1.2.840.10045.4.3.2', '2.5.29.37', '1.3.6.1.5.5.7.3.2', '0.9.2342.19200300.100.1.1', '2.999.3'])(
    'reads the identifier %s as it was written',
    (oid) => {
      expect(oidOf(readDer(oid === '2.999.3' ? Buffer.from([6, 3, 0x88, 0x37, 3]) : derOid(oid)))).toBe(oid);
    },
  );

  test.each([
    [[0], [2, 1, 0]],
    [
      [0, 0, 1],
      [2, 1, 1],
    ],
    [[0x80], [2, 2, 0, 0x80]],
  ])('writes the number %j as %j', (bytes, expected) => {
    expect([...derInteger(Buffer.from(bytes))]).toEqual(expected);
  });

  test('writes years from 2050 on with four digits', () => {
    expect(derTime(Date.parse('2049-12-31T23:59:59Z')).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(derTime(Date.parse('2050-01-01T00:00:00Z')).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });

  test('refuses broken bytes with a DerError', () => {
    const walk = (bytes: Buffer): void => {
      for (const child of childrenOf(readDer(bytes))) if (child.tag & 0x20) walk(child.bytes);
    };
    const attempt = (bytes: Buffer): void => {
      try {
        walk(bytes);
      } catch (error) {
        if (!(error instanceof DerError)) throw error;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => attempt(Buffer.from(bytes))));
  });
});

describe('requests', () => {
  test('have a subject, organizations and alternative names', async () => {
    const request = parseRequest(
      await aRequest({ commonName: 'jane', organizations: ['dev', '개발'], dnsName: 'x.org' }),
    );
    expect(request.organizations).toEqual(['dev', '개발']);
    expect(request.alternativeNames?.toString('latin1')).toContain('x.org');
    expect(parseRequest(await aRequest()).alternativeNames).toBeUndefined();
  });

  test.each([
    ['', 'PEM block type must be CERTIFICATE REQUEST'],
    [pki.ca.certificate, 'PEM block type must be CERTIFICATE REQUEST'],
    [toPem(Buffer.from([0x30, 3, 1]), 'CERTIFICATE REQUEST'), 'malformed certificate request: it ends too early'],
    [toPem(der(tags.sequence), 'CERTIFICATE REQUEST'), 'malformed certificate request: the information is missing'],
  ])('are refused when they are none: %#', (pem, message) => {
    expect(() => parseRequest(pem)).toThrow(RequestError);
    expect(() => parseRequest(pem)).toThrow(message);
  });

  test('are refused when a byte has changed', async () => {
    const bytes = fromPem(await aRequest({ organizations: ['dev'] }), 'CERTIFICATE REQUEST') ?? Buffer.alloc(0);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(() => parseRequest(toPem(changed, 'CERTIFICATE REQUEST'))).toThrow(RequestError);
      }),
    );
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
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(parseRequest(pem).publicKey);
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
