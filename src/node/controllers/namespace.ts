// Deletes the content of a namespace that is being deleted, then finalizes the namespace (pkg/controller/namespace).
import { isDeepStrictEqual } from 'node:util';
import type { Namespace } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, events, namespaces } from '../../api/resources.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
import { deletionConditions, type Remains } from './namespace-conditions.ts';
import { keyFor, patchStatus, type Write } from './writes.ts';

/** There are too many Events to cache. They are listed when the namespace is deleted. */
const content = allResources.filter((resource) => resource.namespaced && resource !== events);

export const namespaceController: Controller = {
  name: 'namespace-controller',
  watches: [
    watch(namespaces, (namespace) => [namespace.metadata.name]),
    ...content.map((resource) => watch(resource, terminatingNamespace)),
  ],
  reconcile(key, world) {
    const namespace = world.get(namespaces, { name: parseKey(key).name });
    if (!namespace?.metadata.deletionTimestamp) return nothing;
    return empty(namespace, world);
  },
};

function terminatingNamespace({ metadata: { namespace = '' } }: KubeObject, world: World): string[] {
  return world.get(namespaces, { name: namespace })?.metadata.deletionTimestamp ? [namespace] : [];
}

const empty = (namespace: Namespace, world: World): Outcome => {
  const { name } = namespace.metadata;
  const remains = content.map((resource) => ({ resource, objects: world.all(resource, name) }));
  const deletions = remains.flatMap(({ resource, objects }) =>
    objects
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((object): Write => ({ verb: 'delete', resource, key: keyFor(object) })),
  );
  const finalized = (namespace.spec?.finalizers ?? []).length === 0;
  const last: Write[] = finalized
    ? []
    : [
        { verb: 'deleteAll', resource: events, namespace: name },
        { verb: 'finalize', object: namespace },
      ];
  // The server refuses to finalize while content remains. Each deleted object then adds this key again.
  // What is deleted now may be gone at once, so the conditions wait for the next turn.
  const status = deletions.length > 0 ? namespace.status : statusOf(namespace, remains, world);
  return { writes: [...statusWrites(namespace, status), ...deletions, ...last] };
};

const statusOf = (namespace: Namespace, remains: readonly Remains[], { now }: World): Namespace['status'] => {
  if (remains.every(({ objects }) => objects.length === 0)) return namespace.status;
  return { ...namespace.status, conditions: [...deletionConditions(namespace, remains, now)] };
};

/** The API server sets the phase with the deletion. A namespace that an older one marked has none. */
const statusWrites = (namespace: Namespace, status: Namespace['status']): Write[] => {
  const next = { ...status, phase: 'Terminating' as const };
  return isDeepStrictEqual(next, namespace.status) ? [] : [patchStatus(namespaces, namespace, next)];
};
