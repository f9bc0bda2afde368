import { beforeEach, describe, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../../src/api/certificates.ts';
import { signingRequests } from '../../../src/api/resources.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { signingRequestDefinition } from '../../../src/node/apiserver/resources/signingrequests.ts';
import { aRequest, aSigningRequest } from '../../support/signing-request.ts';
import { memoryApi } from './memory-api.ts';

type Request = CertificateSigningRequest;
type Condition = NonNullable<NonNullable<Request['status']>['conditions']>[number];

const pem = await aRequest();
const user = { name: 'admin', uid: '7', groups: ['ops'], extra: { team: ['a'] } };
const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64');
const condition = (type: string, status = 'True') => ({ type, status, reason: 'Tested' }) as Condition;

let api = memoryApi();
beforeEach(() => {
  api = memoryApi();
});
const create = (spec: Partial<Request['spec']> = {}, request = pem): Request => {
  const object = aSigningRequest(request, spec);
  return createInStore(api, signingRequests, { ...object, metadata: { name: 'jane' } } as Request, { user }) as Request;
};
const update = (object: Request, subresource?: string): Request =>
  updateInStore(api, signingRequests, object, { subresource }) as Request;
const withStatus = (object: Request, status: Request['status']): Request => ({ ...object, ...(status && { status }) });
const stateOf = (object: Request): unknown => signingRequestDefinition.cells(object)[5];

describe('a new request', () => {
  test('says who sent it, whatever the client claims', () => {
    expect(create({ username: 'root', groups: ['system:masters'], uid: '0', extra: {} }).spec).toMatchObject({
      ...{ username: 'admin', uid: '7', groups: ['ops'], extra: { team: ['a'] } },
    });
  });

  test('has no status, so that nobody approves a request by creating it', () => {
    const object = withStatus(aSigningRequest(pem), { conditions: [condition('Approved')], certificate });
    const created = createInStore(api, signingRequests, { ...object, metadata: { name: 'jane' } }, { user });
    expect((created as Request).status ?? {}).toEqual({});
  });

  test.each([
    [
      { request: '' },
      'spec.request: Invalid value: "<certificate request>": PEM block type must be CERTIFICATE REQUEST',
    ],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['client auth', 'dancing'] }, 'spec.usages[1]: Unsupported value: "dancing": supported values: "any"'],
    [{ usages: ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value: "client auth"'],
    [{ signerName: '' }, 'spec.signerName: Required value'],
    [
      { signerName: 'kubernetes.io/kubelet-serving' },
      'labs does not support the signer "kubernetes.io/kubelet-serving": labs signs for no other signer than "kubernetes.io/kube-apiserver-client"',
    ],
    [{ expirationSeconds: 599 }, 'may not specify a duration less than 600 seconds (10 minutes)'],
  ])('is refused with %j', (spec, message) => {
    expect(() => create(spec)).toThrow(message);
  });

  test('is refused when it asks for the group of administrators', async () => {
    const request = await aRequest({ organizations: ['system:masters'] });
    expect(() => create({}, request)).toThrow(
      'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
  });
});

test('an update does not change the spec', () => {
  const object = create();
  expect(update({ ...object, spec: { ...object.spec, usages: ['any'] } }).spec).toEqual(object.spec);
});

describe('a decision', () => {
  test('is taken through the subresource approval, which writes nothing else', () => {
    const object = create();
    const next = { ...withStatus(object, { conditions: [condition('Approved')], certificate }), spec: {} as never };
    const approved = update(next, 'approval');
    expect(approved.spec).toEqual(object.spec);
    expect(approved.status?.certificate).toBeUndefined();
    expect(approved.status?.conditions).toMatchObject([{ type: 'Approved', lastTransitionTime: expect.any(String) }]);
    expect(stateOf(approved)).toBe('Approved');
  });

  test('is not taken through the status or the object', () => {
    const object = create();
    const next = withStatus(object, { conditions: [condition('Approved')] });
    expect(() => update(next, 'status')).toThrow('updates may not add a condition of type "Approved"');
    expect(update(next).status ?? {}).toEqual({});
  });

  test('is not taken back, and not for both sides', () => {
    const approved = update(withStatus(create(), { conditions: [condition('Approved')] }), 'approval');
    expect(() => update(withStatus(approved, {}), 'approval')).toThrow(
      'updates may not remove a condition of type "Approved"',
    );
    expect(() => update(withStatus(approved, {}), 'status')).toThrow(
      'updates may not remove a condition of type "Approved"',
    );
    const both = { conditions: [condition('Approved'), condition('Denied')] };
    expect(() => update(withStatus(approved, both), 'approval')).toThrow('mutually exclusive');
  });

  test.each([
    [
      [condition('Approved', 'False')],
      'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    ],
    [[condition('Approved'), condition('Approved')], 'status.conditions[1].type: Duplicate value: "Approved"'],
    [[condition('')], 'status.conditions[0].type: Required value'],
  ])('is refused: %j', (conditions, message) => {
    expect(() => update(withStatus(create(), { conditions }), 'approval')).toThrow(message);
  });
});

test('a certificate is set through the status, once', () => {
  const approved = update(withStatus(create(), { conditions: [condition('Approved')] }), 'approval');
  expect(() => update(withStatus(approved, { ...approved.status, certificate: 'eA==' }), 'status')).toThrow(
    'status.certificate: Invalid value',
  );
  const issued = update(withStatus(approved, { ...approved.status, certificate }), 'status');
  expect(stateOf(issued)).toBe('Approved,Issued');
  const other = Buffer.from('-----BEGIN CERTIFICATE-----\nother').toString('base64');
  expect(() => update(withStatus(issued, { ...issued.status, certificate: other }), 'status')).toThrow(
    'updates may not modify existing certificate content',
  );
});
