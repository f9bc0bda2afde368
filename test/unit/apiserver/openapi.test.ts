import { describe, expect, test } from 'vitest';
import { startRoutes } from './dispatch.ts';

const { call } = startRoutes();

describe('OpenAPI v2', () => {
  test('has the types, operations and parameters of v3, in the form of v2', async () => {
    const { body } = await call('GET', '/openapi/v2', undefined, { accept: 'application/json' });
    const { definitions, paths } = body;
    expect(body.swagger).toBe('2.0');
    const service = definitions['io.k8s.api.core.v1.Service'];
    expect(service.properties.spec.$ref).toBe('#/definitions/io.k8s.api.core.v1.ServiceSpec');
    expect(service['x-kubernetes-group-version-kind']).toEqual([{ group: '', kind: 'Service', version: 'v1' }]);
    const quantity = definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'];
    expect(quantity.type).toBe('string');
    const { patch, parameters } = paths['/api/v1/namespaces/{namespace}/pods/{name}'];
    expect(parameters.map(({ name }: { name: string }) => name)).toEqual(['namespace', 'name']);
    expect(patch.consumes).toContain('application/strategic-merge-patch+json');
    expect(patch.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'body',
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ]);
    const dangling = [...JSON.stringify(body).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].filter(
      ([, name = '']) => definitions[name] === undefined,
    );
    expect(dangling).toEqual([]);
    expect(JSON.stringify(body)).not.toMatch(/oneOf|allOf|components/);
  });
});

describe('what labs does not serve', () => {
  test.each([
    ['/api/v1/replicationcontrollers', 'v1', 'ReplicationControllerList'],
    ['/api/v1/namespaces/default/replicationcontrollers?limit=500', 'v1', 'ReplicationControllerList'],
    [
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinitionList',
    ],
  ])('a list of %s is empty, because clients ask for it unseen', async (path, apiVersion, kind) => {
    const { code, body } = await call('GET', path);
    expect([code, body]).toEqual([
      200,
      { kind, apiVersion, metadata: { resourceVersion: expect.any(String) }, items: [] },
    ]);
  });

  test.each([
    ['POST', '/apis/batch/v1/namespaces/default/jobs', 'jobs.batch'],
    ['GET', '/apis/networking.k8s.io/v1/ingresses', 'ingresses.networking.k8s.io'],
    ['GET', '/api/v1/persistentvolumes', 'persistentvolumes'],
    ['POST', '/api/v1/namespaces/default/replicationcontrollers', 'replicationcontrollers'],
    ['GET', '/api/v1/namespaces/default/replicationcontrollers/rc', 'replicationcontrollers'],
    ['GET', '/api/v1/replicationcontrollers?watch=true', 'replicationcontrollers'],
    ['PATCH', '/api/v1/namespaces/default/pods/p/resize', 'the subresource resize of pods'],
  ])('%s %s is refused by its name', async (method, path, what) => {
    const { code, body } = await call(method, path);
    expect([code, body.reason, body.message]).toEqual([
      404,
      'NotFound',
      `the server could not find the requested resource: labs does not serve ${what}; \`kubectl api-resources\` lists what it serves`,
    ]);
  });
});
