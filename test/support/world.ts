// A world for pure reconcile functions, from a list of objects.
import type { KubeObject } from '../../src/api/meta.ts';
import { keyOf } from '../../src/node/client/types.ts';
import type { World } from '../../src/node/controllers/controller.ts';

/** Each object needs its `kind`, which identifies its resource. */
export const aWorld = (objects: readonly KubeObject[], now = Date.parse('2026-01-01T01:00:00Z')): World => ({
  now,
  get: <T extends KubeObject>(resource: { kind: string }, key: { name: string; namespace?: string }) =>
    objects.find(
      (object) =>
        object.kind === resource.kind &&
        keyOf(object) === (object.metadata.namespace === undefined ? key.name : `${key.namespace}/${key.name}`),
    ) as T | undefined,
  all: <T extends KubeObject>(resource: { kind: string }, namespace?: string) =>
    objects.filter(
      (object) => object.kind === resource.kind && (namespace === undefined || object.metadata.namespace === namespace),
    ) as T[],
});
