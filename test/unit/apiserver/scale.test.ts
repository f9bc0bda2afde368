// The subresource scale: server-side apply shares .spec.replicas among managers, and a Scale is validated as itself.
import { beforeEach, describe, expect, test } from 'vitest';
import { type Call, type Reply, startRoutes } from './dispatch.ts';

const path = '/apis/apps/v1/namespaces/default/deployments';
const applyType = { 'content-type': 'application/apply-patch+yaml' };

let call: Call;

const applyScale = (manager: string, spec: object, query = ''): Promise<Reply> => {
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec };
  return call('PATCH', `${path}/web/scale?fieldManager=${manager}${query}`, body, applyType);
};

const deployment = (replicas?: number) => {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web' }] } };
  const spec = { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
};

const applyDeployment = (manager: string, replicas?: number): Promise<Reply> =>
  call('PATCH', `${path}/web?fieldManager=${manager}`, deployment(replicas), applyType);

/** The managers that own .spec.replicas of the deployment. */
const owners = async (): Promise<string[]> => {
  const { body } = await call('GET', `${path}/web`);
  return body.metadata.managedFields
    .filter(({ fieldsV1 }: { fieldsV1: Record<string, object> }) => 'f:replicas' in (fieldsV1['f:spec'] ?? {}))
    .map(({ manager, operation, apiVersion, subresource }: Record<string, string>) =>
      [manager, operation, apiVersion, ...(subresource ? [subresource] : [])].join(' '),
    );
};

beforeEach(() => {
  ({ call } = startRoutes());
});

describe('server-side apply of a Scale', () => {
  test('refuses another number than that of another manager, and names the manager', async () => {
    await applyDeployment('helm', 1);
    const { code, body } = await applyScale('hpa', { replicas: 3 });
    expect(code).toBe(409);
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "helm": .spec.replicas');
    expect((await call('GET', `${path}/web`)).body.spec.replicas).toBe(1);
    expect(await owners()).toEqual(['helm Apply apps/v1']);
  });

  test('names an updater with the version of the Scale', async () => {
    await call('POST', `${path}?fieldManager=kubectl-create`, deployment(1));
    const { body } = await applyScale('hpa', { replicas: 3 });
    expect(body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-create" using autoscaling/v1: .spec.replicas',
    );
  });

  test('takes the field from its owner when forced', async () => {
    await applyDeployment('helm', 1);
    const { code, body } = await applyScale('hpa', { replicas: 3 }, '&force=true');
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
    expect(await owners()).toEqual(['hpa Apply apps/v1 scale']);
    expect((await applyDeployment('helm', 2)).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale": .spec.replicas',
    );
    expect((await applyDeployment('helm')).body.spec.replicas).toBe(3);
  });

  test('shares the field with a manager that wants the same number', async () => {
    await applyDeployment('helm', 3);
    expect((await applyScale('hpa', { replicas: 3 })).code).toBe(200);
    expect(await owners()).toEqual(['helm Apply apps/v1', 'hpa Apply apps/v1 scale']);
    expect((await applyScale('hpa', { replicas: 4 })).body.message).toContain('conflict with "helm"');
  });

  test('changes the number that the manager applied before', async () => {
    await call('POST', `${path}?fieldManager=kubectl-create`, deployment(1));
    await applyScale('hpa', { replicas: 3 }, '&force=true');
    expect((await applyScale('hpa', { replicas: 5 })).body.spec.replicas).toBe(5);
    expect(await owners()).toEqual(['hpa Apply apps/v1 scale']);
  });

  test('needs a manager and an object that exists', async () => {
    expect((await applyScale('hpa', { replicas: 1 })).body.message).toBe('deployments.apps "web" not found');
    await call('POST', path, deployment(1));
    const { code, body } = await applyScale('', { replicas: 1 });
    expect(code).toBe(422);
    expect(body.message).toContain('fieldManager: Required value: is required for apply patch');
  });

  test('writes nothing on a dry run', async () => {
    await call('POST', path, deployment(1));
    const { body } = await applyScale('hpa', { replicas: 7 }, '&force=true&dryRun=All');
    expect(body.spec.replicas).toBe(7);
    expect((await call('GET', `${path}/web/scale`)).body.spec.replicas).toBe(1);
  });
});

test('a stale version in an applied configuration is a conflict', async () => {
  await call('POST', path, deployment(1));
  const stale = { ...deployment(1), metadata: { name: 'web', resourceVersion: '1' } };
  const { code, body } = await call('PATCH', `${path}/web?fieldManager=helm&force=true`, stale, applyType);
  expect(code).toBe(409);
  expect(body.message).toContain('the object has been modified');
});

test.each([
  { method: 'PUT', type: 'application/json' },
  { method: 'PATCH', type: 'application/merge-patch+json' },
  { method: 'PATCH', type: 'application/apply-patch+yaml' },
])('refuses a negative number by $method of $type as a fault of the Scale', async ({ method, type }) => {
  await call('POST', path, deployment(1));
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: -1 } };
  const query = `?fieldManager=me${type.includes('apply') ? '&force=true' : ''}`;
  const { code, body } = await call(method, `${path}/web/scale${query}`, scale, { 'content-type': type });
  expect(code).toBe(422);
  expect(body.message).toBe(
    'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
});
