import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenRequest } from '../../../src/api/authentication.ts';
import type { Pod } from '../../../src/api/core-pods.ts';
import { nodes, pods, serviceAccounts } from '../../../src/api/resources.ts';
import { createClient } from '../../../src/node/client/client.ts';
import type { Client } from '../../../src/node/client/types.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

let server: RunningApiserver;
let nobody: Awaited<ReturnType<RunningApiserver['configFor']>>;
beforeAll(async () => {
  server = await startApiserver();
  nobody = await server.configFor();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const namespace = 'default';
const aPod = (name: string): Pod => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'busybox' }], nodeName: 'node01' },
});
const withToken = (token: string): Client => createClient({ ...nobody, token });
const requestToken = async (spec: TokenRequest['spec'], account = 'default'): Promise<string> => {
  const key = { name: account, namespace };
  const answer = await server.client.createSubresource(serviceAccounts, key, 'token', { spec });
  return (answer as TokenRequest).status?.token ?? '';
};
const payloadOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const review = async (kind: string, spec: object, group = 'authentication.k8s.io', scope = '') => {
  const path = `/apis/${group}/v1${scope}/${kind.toLowerCase()}s`;
  return (await server.send('POST', path, 'application/json', { spec })) as {
    message?: string;
    status: { authenticated?: boolean; allowed?: boolean; error?: string; user?: object; audiences?: string[] };
  };
};
const boundTo = ({ metadata }: Pod) => ({
  boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: metadata.name, uid: metadata.uid ?? '' },
});

describe('a token of a service account', () => {
  test('names its holder and its pod, and lets its holder ask what everybody may ask', async () => {
    await server.client.create(nodes, { metadata: { name: 'node01' } });
    const pod = await server.client.create(pods, aPod('holder'));
    const token = await requestToken(boundTo(pod));
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    expect(payloadOf(token)).toMatchObject({
      iss: issuer,
      aud: [issuer],
      sub: 'system:serviceaccount:default:default',
      'kubernetes.io': { namespace, pod: { name: 'holder', uid: pod.metadata.uid }, node: { name: 'node01' } },
    });
    const { status } = await review('TokenReview', { token });
    expect(status).toMatchObject({
      authenticated: true,
      audiences: [issuer],
      user: {
        username: 'system:serviceaccount:default:default',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/pod-name': ['holder'],
          'authentication.kubernetes.io/node-name': ['node01'],
        },
      },
    });
    const holder = withToken(token);
    expect(await holder.raw('/apis')).toMatchObject({ status: 200 });
    await expect(holder.list(pods, { namespace })).rejects.toThrow(
      'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    );
  });

  test('ends with its pod, and a pod of the same name does not revive it', async () => {
    const pod = await server.client.create(pods, aPod('short'));
    const token = await requestToken(boundTo(pod));
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 200 });
    await server.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 });
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 401 });
    await server.client.create(pods, aPod('short'));
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 401 });
    expect((await review('TokenReview', { token })).status).toEqual({
      user: {},
      error: '[invalid bearer token, service account token has been invalidated: its Pod no longer exists]',
    });
  });

  test('for another audience is refused by the API and accepted for that audience', async () => {
    const token = await requestToken({ audiences: ['vault'] });
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 401 });
    expect((await review('TokenReview', { token })).status).toEqual({
      user: {},
      error:
        '[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc.cluster.local"]]',
    });
    expect((await review('TokenReview', { token, audiences: ['vault', 'other'] })).status).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
    });
  });

  test('with a changed letter, a wrong signature or no form at all is refused', async () => {
    const [head, body, signature] = (await requestToken({})).split('.');
    const admin = Buffer.from(JSON.stringify({ ...payloadOf(`.${body}`), sub: 'x' })).toString('base64url');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const token of [`${head}.${admin}.${signature}`, `${unsigned}.${body}.`, 'wrong', 'a.b.c', `${head}.${body}.`])
      expect(await withToken(token).raw('/api'), token).toMatchObject({ status: 401 });
  });

  test('can be verified by others, with the keys that the API server publishes', async () => {
    const token = await requestToken({});
    const configuration = JSON.parse((await withToken(token).raw('/.well-known/openid-configuration')).body);
    expect(configuration.issuer).toBe(payloadOf(token).iss);
    const { keys } = JSON.parse((await withToken(token).raw(new URL(configuration.jwks_uri).pathname)).body);
    const [head = '', body = '', signature = ''] = token.split('.');
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
    const key = createPublicKey({
      key: keys.find((one: { kid: string }) => one.kid === kid) as JsonWebKey,
      format: 'jwk',
    });
    const signed = Buffer.from(`${head}.${body}`);
    expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
  });

  test.each([
    [
      { expirationSeconds: 60 },
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
    [{ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } }, 'pods "none" not found'],
    [
      { boundObjectRef: { kind: 'Service', apiVersion: 'v1', name: 'x' } },
      'cannot bind token to object of type Service',
    ],
  ])('is refused for %j', async (spec, says) => {
    await expect(requestToken(spec)).rejects.toThrow(says);
  });

  test('survives a restart of the API server', async () => {
    const token = await requestToken({});
    await server.kill('SIGKILL');
    await server.start();
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 200 });
  });

  test('is made by kubectl, also by the name of another account', async () => {
    await server.kubectl('create', 'serviceaccount', 'robot');
    const token = (await server.kubectl('create', 'token', 'robot', '--duration=30m')).trim();
    const { sub, exp, iat } = payloadOf(token);
    expect([sub, exp - iat]).toEqual(['system:serviceaccount:default:robot', 1800]);
    await server.client.delete(serviceAccounts, { name: 'robot', namespace });
    expect(await withToken(token).raw('/api')).toMatchObject({ status: 401 });
  });
});

describe('access reviews', () => {
  const group = 'authorization.k8s.io';
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' };

  test('say what another user may do', async () => {
    const ask = async (spec: object) =>
      (await review('SubjectAccessReview', { ...spec, resourceAttributes }, group)).status;
    expect(await ask({ user: 'jane', groups: ['system:authenticated'] })).toEqual({ allowed: false });
    expect(await ask({ user: 'root', groups: ['system:masters'] })).toEqual({ allowed: true });
    const local = await review(
      'LocalSubjectAccessReview',
      { user: 'jane', resourceAttributes },
      group,
      '/namespaces/other',
    );
    expect(local.message).toBe('spec.resourceAttributes.namespace must match namespace: other');
  });

  test('without attributes or a user are refused', async () => {
    expect((await review('SubjectAccessReview', { resourceAttributes }, group)).message).toContain(
      'spec.user: Required value: at least one of user or group must be specified',
    );
    expect((await review('SubjectAccessReview', { user: 'jane' }, group)).message).toContain(
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  test('list the rules of a user', async () => {
    expect(await server.kubectl('auth', 'can-i', '--list')).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    expect(await server.kubectl('auth', 'can-i', '--list', '--as=system:serviceaccount:default:default')).toContain(
      '/openid/v1/jwks',
    );
  });
});
