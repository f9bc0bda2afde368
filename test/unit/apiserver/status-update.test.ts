import { describe, expect, test } from 'vitest';
import type { KubeObject, ObjectMeta } from '../../../src/api/meta.ts';
import { deployments, nodes, pods, type Resource, replicaSets, services } from '../../../src/api/resources.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { memoryApi } from './memory-api.ts';

const api = memoryApi();
const metadata: ObjectMeta = { name: 'x', namespace: 'default', labels: { before: '1' } };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };
const containers = [{ name: 'c', image: 'web' }];
const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
const selector = { matchLabels: { app: 'web' } };

const objects: { resource: Resource; object: KubeObject; keeps: string[] }[] = [
  { resource: services, object: { metadata, spec: { ports: [{ port: 80 }] } } as KubeObject, keeps: [] },
  { resource: pods, object: { metadata, spec: { containers } } as KubeObject, keeps: ['ownerReferences'] },
  { resource: deployments, object: { metadata, spec: { selector, template } } as KubeObject, keeps: ['labels'] },
  { resource: replicaSets, object: { metadata, spec: { selector, template } } as KubeObject, keeps: [] },
  { resource: nodes, object: { metadata: { name: 'x', labels: { before: '1' } } }, keeps: [] },
];

describe.each(objects)('a write to the status of $resource.plural', ({ resource, object, keeps }) => {
  const made = createInStore(api, resource, object);
  const changed = {
    ...made,
    spec: { nonsense: true },
    metadata: { ...made.metadata, labels: { after: '2' }, annotations: { note: 'hi' }, ownerReferences: [owner] },
  };
  const { labels, annotations, ownerReferences, uid } = updateInStore(api, resource, changed, {
    subresource: 'status',
  }).metadata;

  test('changes the annotations, and the labels and owners unless its strategy keeps them', () => {
    expect(annotations).toEqual({ note: 'hi' });
    expect(labels).toMatchObject(keeps.includes('labels') ? { before: '1' } : { after: '2' });
    expect(ownerReferences).toEqual(keeps.includes('ownerReferences') ? undefined : [owner]);
  });

  test('changes neither the spec nor the identity', () => {
    const stored = api.store.get(resource, made.metadata);
    expect((stored as { spec?: unknown }).spec).toEqual((made as { spec?: unknown }).spec);
    expect(uid).toBe(made.metadata.uid);
  });

  test('is refused with a wrong label', () => {
    const wrong = { ...changed, metadata: { ...made.metadata, resourceVersion: '', annotations: { 'no key': '' } } };
    expect(() => updateInStore(api, resource, wrong, { subresource: 'status' })).toThrow('metadata.annotations');
  });
});
