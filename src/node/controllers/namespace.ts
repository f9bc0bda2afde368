// Deletes the content of a namespace that is being deleted, then finalizes the namespace (pkg/controller/namespace).
import type { Namespace } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, events, namespaces } from '../../api/resources.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
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
  const phase: Write[] =
    namespace.status?.phase === 'Terminating' ? [] : [patchStatus(namespaces, namespace, { phase: 'Terminating' })];
  const deletions = content.flatMap((resource) =>
    world
      .all(resource, name)
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
  return { writes: [...phase, ...deletions, ...last] };
};
