import { describe, expect, test } from 'vitest';
import { authorizeResource, isAllowed } from '../../../src/node/apiserver/auth/authorize.ts';
import { parseResourceRequest } from '../../../src/node/apiserver/exchange/info.ts';

const user = (name: string, ...groups: string[]) => ({ name, groups });
const anonymous = user('system:anonymous', 'system:unauthenticated');
const jane = user('jane', 'system:authenticated');
const request = (method: string, path: string) => {
  const info = parseResourceRequest(method, new URL(path, 'https://localhost'));
  if (!info) throw new Error('no resource');
  return info;
};

describe('the resource request of a method and a path', () => {
  test.each([
    ['GET', '/api/v1/pods', { verb: 'list', plural: 'pods', namespace: undefined }],
    ['GET', '/api/v1/namespaces/a/pods?watch=1', { verb: 'watch', plural: 'pods', namespace: 'a' }],
    ['GET', '/api/v1/namespaces/a', { verb: 'get', plural: 'namespaces', name: 'a', namespace: 'a' }],
    [
      'PUT',
      '/api/v1/namespaces/a/finalize',
      { verb: 'update', plural: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/a/deployments/d/scale',
      { verb: 'patch', plural: 'deployments', subresource: 'scale' },
    ],
    ['POST', '/api/v1/namespaces/a/pods/p/exec', { verb: 'create', subresource: 'exec' }],
    ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection' }],
    ['GET', '/api/v1/nodes/n/proxy/stats/summary', { plural: 'nodes', subresource: 'proxy', rest: 'stats/summary' }],
  ])('%s %s', (method, path, want) => {
    expect(request(method, path)).toMatchObject(want);
  });

  test.each(['/api', '/apis/apps/v1', '/healthz', '/'])('%s names no resource', (path) => {
    expect(parseResourceRequest('GET', new URL(path, 'https://localhost'))).toBeUndefined();
  });
});

describe('authorization', () => {
  test.each([
    { who: user('kubernetes-admin', 'system:masters'), allowed: true },
    { who: user('system:node:node01', 'system:nodes'), allowed: false },
    { who: user('system:kube-controller-manager'), allowed: false },
    { who: jane, allowed: false },
  ])('$who.name may approve a request for a certificate: $allowed', ({ who, allowed }) => {
    const requests = { group: 'certificates.k8s.io', plural: 'certificatesigningrequests', name: 'a' };
    expect(isAllowed(who, { ...requests, verb: 'update', subresource: 'approval' })).toBe(allowed);
    expect(isAllowed(who, { ...requests, verb: 'create' })).toBe(who !== jane);
  });

  test.each([
    { who: anonymous, path: '/healthz', allowed: true },
    { who: anonymous, path: '/version', allowed: true },
    { who: anonymous, path: '/healthzz', allowed: false },
    { who: anonymous, path: '/apis', allowed: false },
    { who: anonymous, path: '/metrics', allowed: false },
    { who: jane, path: '/apis/apps/v1', allowed: true },
    { who: jane, path: '/metrics', allowed: false },
    { who: user('x', 'system:masters'), path: '/metrics', allowed: true },
  ])('$who.name may read $path: $allowed', ({ who, path, allowed }) => {
    expect(isAllowed(who, { verb: 'get', path })).toBe(allowed);
  });

  test.each([
    user('kubernetes-admin', 'system:masters'),
    user('system:node:node01', 'system:nodes'),
    user('system:kube-proxy'),
    user('system:kube-scheduler'),
    user('system:podnet'),
    user('system:cluster-dns'),
  ])('$name may create pods', (who) => {
    expect(() => authorizeResource(who, request('POST', '/api/v1/namespaces/default/pods'))).not.toThrow();
  });

  test('a refusal names the user, the verb, the resource and the namespace', () => {
    expect(() => authorizeResource(jane, request('GET', '/apis/apps/v1/namespaces/a/deployments/d/status'))).toThrow(
      'deployments.apps "d" is forbidden: User "jane" cannot get resource "deployments/status" in API group "apps" in the namespace "a"',
    );
    expect(() => authorizeResource(jane, request('DELETE', '/api/v1/nodes/n'))).toThrow(
      'nodes "n" is forbidden: User "jane" cannot delete resource "nodes" in API group "" at the cluster scope',
    );
  });
});
