import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { authenticate } from '../../../src/node/apiserver/auth/authenticate.ts';

type Api = Parameters<typeof authenticate>[0];

/** A request with a client certificate of this subject. */
const requestOf = (subject: { CN: string; O?: string }, headers: Record<string, string>): IncomingMessage => {
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const socket = { authorized: true, getPeerCertificate: () => ({ subject }) };
  return { headers, headersDistinct, socket } as unknown as IncomingMessage;
};

const admin = { CN: 'kubernetes-admin', O: 'system:masters' };

test('an administrator acts as a service account with the groups of that account', async () => {
  const request = requestOf(admin, { 'impersonate-user': 'system:serviceaccount:shop:robot' });
  expect(await authenticate({} as Api, request)).toEqual({
    name: 'system:serviceaccount:shop:robot',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  });
});

test('an administrator acts as a user with the given groups and uid', async () => {
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'developers', 'impersonate-uid': '7' };
  expect(await authenticate({} as Api, requestOf(admin, headers))).toEqual({
    name: 'jane',
    uid: '7',
    groups: ['developers', 'system:authenticated'],
  });
});

test('a user without rights may not act as another user', async () => {
  await expect(authenticate({} as Api, requestOf({ CN: 'jane' }, { 'impersonate-user': 'root' }))).rejects.toThrow(
    'users "root" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
});
