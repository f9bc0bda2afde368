// Options of writes, and types that are served but never stored: an option is honoured or refused, never ignored.
import { beforeEach, describe, expect, test } from 'vitest';
import { type Call, startRoutes } from './dispatch.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

let call: Call;
beforeEach(async () => {
  ({ call } = startRoutes());
  await call('POST', configMaps, { metadata: { name: 'a' } });
  await call('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'web' }] } });
});

describe('options in the query', () => {
  test.each([
    ['POST', configMaps, 'dryRun=yes', 'CreateOptions', 'dryRun: Unsupported value: "yes": supported values: "All"'],
    ['PUT', `${configMaps}/a`, 'dryRun=1', 'UpdateOptions', 'dryRun: Unsupported value: "1": supported values: "All"'],
    [
      'POST',
      configMaps,
      'fieldValidation=strict',
      'CreateOptions',
      'fieldValidation: Unsupported value: "strict": supported values: "Ignore", "Strict", "Warn"',
    ],
    [
      'PATCH',
      `${configMaps}/a`,
      'force=true',
      'PatchOptions',
      'force: Forbidden: may not be specified for non-apply patch',
    ],
    [
      'PATCH',
      `${configMaps}/a`,
      `fieldManager=${'m'.repeat(129)}`,
      'PatchOptions',
      'fieldManager: Too long: may not be more than 128 bytes',
    ],
    [
      'DELETE',
      `${configMaps}/a`,
      'propagationPolicy=orphan',
      'DeleteOptions',
      'propagationPolicy: Unsupported value: "orphan": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'DELETE',
      `${configMaps}/a`,
      'dryRun=no',
      'DeleteOptions',
      'dryRun: Unsupported value: "no": supported values: "All"',
    ],
  ])('%s %s?%s', async (method, path, query, kind, problem) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const body = method === 'DELETE' ? undefined : { metadata: { name: method === 'POST' ? 'b' : 'a' } };
    const answer = await call(method, `${path}?${query}`, body, { 'content-type': type });
    expect(answer.body.message).toBe(`${kind}.meta.k8s.io "" is invalid: ${problem}`);
    expect(answer.code).toBe(422);
    expect((await call('GET', `${configMaps}/a`)).body.data).toBeUndefined();
    expect((await call('GET', `${configMaps}/a`)).code).toBe(200);
    expect((await call('GET', `${configMaps}/b`)).code).toBe(404);
  });
});

describe('the options of a deletion', () => {
  const remove = (options: object) =>
    call('DELETE', `${configMaps}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', ...options });

  test('orphanDependents adds the finalizer orphan', async () => {
    expect((await remove({ orphanDependents: true })).body.metadata.finalizers).toEqual(['orphan']);
  });

  test('orphanDependents and propagationPolicy exclude each other', async () => {
    const { body } = await remove({ orphanDependents: true, propagationPolicy: 'Orphan' });
    expect(body.message).toBe(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": ' +
        'orphanDependents and deletionPropagation cannot be both set',
    );
  });

  test.each([
    [{ gracePeriodSeconds: 'soon' }, 'cannot unmarshal string'],
    [{ preconditions: { uid: 7 } }, 'cannot unmarshal number'],
  ])('a wrong type is refused: %j', async (options, problem) => {
    const { code, body } = await remove(options);
    expect(code).toBe(400);
    expect(body.message).toContain(problem);
  });

  test('deletion despite unreadable data is refused, because labs has none', async () => {
    const { code, body } = await remove({ ignoreStoreReadErrorWithClusterBreakingPotential: true });
    expect(code).toBe(422);
    expect(body.message).toContain('labs supports no other value of ignoreStoreReadErrorWithClusterBreakingPotential');
  });
});

describe('a Binding', () => {
  const bind = (binding: object) => call('POST', `${pods}/p/binding`, { metadata: { name: 'p' }, ...binding });

  test('puts its annotations on the pod', async () => {
    await bind({ metadata: { name: 'p', annotations: { by: 'hand' } }, target: { kind: 'Node', name: 'n' } });
    const { body } = await call('GET', `${pods}/p`);
    expect(body.spec.nodeName).toBe('n');
    expect(body.metadata.annotations).toEqual({ by: 'hand' });
  });

  test.each([
    [
      { target: { kind: 'Pod', name: 'n' } },
      'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    ],
    [{ target: { kind: 'Node' } }, 'target.name: Required value'],
  ])('is validated: %j', async (binding, problem) => {
    const { code, body } = await bind(binding);
    expect(code).toBe(422);
    expect(body.message).toBe(`Binding "p" is invalid: ${problem}`);
  });

  test('of another pod with the same name is a conflict', async () => {
    const { code } = await bind({ metadata: { name: 'p', uid: 'other' }, target: { name: 'n' } });
    expect(code).toBe(409);
  });
});

test('an Eviction of another pod than the one in the URL is refused', async () => {
  const { code, body } = await call('POST', `${pods}/p/eviction`, { metadata: { name: 'q' } });
  expect(code).toBe(400);
  expect(body.message).toContain('does not match the name on the URL');
  expect((await call('GET', `${pods}/p`)).code).toBe(200);
});

test('an Eviction says in the status of the pod why it ends, and a dry run changes nothing', async () => {
  // Bound pods get a grace period, so their status can be read until the kubelet has ended them.
  await call('POST', `${pods}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'node01' } });
  const dry = { metadata: { name: 'p' }, deleteOptions: { dryRun: ['All'] } };
  expect((await call('POST', `${pods}/p/eviction`, dry)).code).toBe(201);
  expect((await call('GET', `${pods}/p`)).body.metadata.deletionTimestamp).toBeUndefined();
  const other = { metadata: { name: 'p' }, deleteOptions: { preconditions: { uid: 'other' } } };
  expect((await call('POST', `${pods}/p/eviction`, other)).code).toBe(409);
  expect((await call('POST', `${pods}/p/eviction`, { metadata: { name: 'p' } })).code).toBe(201);
  const { body } = await call('GET', `${pods}/p`);
  expect(body.metadata.deletionTimestamp).toBeDefined();
  expect(body.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
  );
});

test('a review with a value of the wrong type is refused', async () => {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { code, body } = await call('POST', path, { spec: { resourceAttributes: { verb: ['get'] } } });
  expect(code).toBe(400);
  expect(body.message).toContain('cannot unmarshal array');
});
