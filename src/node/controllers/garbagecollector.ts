// Deletes the dependents of a deleted owner: after the owner (background), before it (foreground), or not at all
// (orphan). See pkg/controller/garbagecollector.
import type { KubeObject, OwnerReference } from '../../api/meta.ts';
import { allResources, apiVersionOf, events, type Resource } from '../../api/resources.ts';
import type { DeleteOptions } from '../client/types.ts';
import { type Controller, nothing, type Outcome, type World, watch } from './controller.ts';
import { setOwners } from './owners.ts';
import { keyFor, type Named, type Write } from './writes.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** Events have no owners, and there are too many to cache. */
const collected = allResources.filter((resource) => resource !== events);

interface Item {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export const garbageCollector: Controller = {
  name: 'garbage-collector-controller',
  watches: collected.map((resource) => watch(resource, (object, world) => wakes({ resource, object }, world))),
  reconcile(key, world) {
    const item = itemOf(key, world);
    return item === undefined ? nothing : collect(item, world);
  },
};

/** An object wakes itself, its dependents, and the owners that wait for its deletion. */
const wakes = (item: Item, world: World): string[] => {
  const { deletionTimestamp, ownerReferences, finalizers } = item.object.metadata;
  const own = ownerReferences || deletionTimestamp || finalizers ? [keyOfItem(item)] : [];
  const owners = (ownerReferences ?? []).flatMap((reference) => {
    const owner = ownerOf(item.object, reference, world);
    return owner?.object.metadata.deletionTimestamp ? [keyOfItem(owner)] : [];
  });
  return [...own, ...owners, ...dependentsOf(item.object, world).map(keyOfItem)];
};

const keyOfItem = ({ resource, object: { metadata } }: Item): string =>
  `${resource.kind}:${metadata.namespace ?? ''}/${metadata.name}`;

const itemOf = (key: string, world: World): Item | undefined => {
  const [, kind, namespace = '', name = ''] = /^([^:]*):([^/]*)\/(.*)$/.exec(key) ?? [];
  const resource = collected.find((candidate) => candidate.kind === kind);
  const object = resource && world.get(resource, namespace === '' ? { name } : { name, namespace });
  return resource && object ? { resource, object } : undefined;
};

const dependentsOf = ({ metadata: { uid } }: KubeObject, world: World): Item[] =>
  collected.flatMap((resource) =>
    world
      .all(resource)
      .filter(({ metadata }) => metadata.ownerReferences?.some((reference) => reference.uid === uid))
      .map((object) => ({ resource, object })),
  );

const resourceOf = ({ apiVersion, kind }: OwnerReference): Resource | undefined =>
  collected.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);

const keyOfOwner = (resource: Resource, { metadata }: KubeObject, { name }: OwnerReference): Named['key'] =>
  resource.namespaced && metadata.namespace !== undefined ? { name, namespace: metadata.namespace } : { name };

const ownerOf = (object: KubeObject, reference: OwnerReference, world: World): Item | undefined => {
  const resource = resourceOf(reference);
  const owner = resource && world.get(resource, keyOfOwner(resource, object, reference));
  return resource && owner?.metadata.uid === reference.uid ? { resource, object: owner } : undefined;
};

const collect = (item: Item, world: World): Outcome => {
  const { deletionTimestamp, finalizers = [] } = item.object.metadata;
  if (deletionTimestamp && finalizers.includes(orphan)) return orphanDependents(item, world);
  if (deletionTimestamp && finalizers.includes(foreground)) return deleteDependentsFirst(item, world);
  return deletionTimestamp ? nothing : followOwners(item, world);
};

const orphanDependents = (item: Item, world: World): Outcome => {
  const { uid } = item.object.metadata;
  const releases = dependentsOf(item.object, world).map(({ resource, object }) =>
    setOwners(
      resource,
      object,
      (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid),
    ),
  );
  return { writes: [...releases, withoutFinalizer(item, orphan)] };
};

const deleteDependentsFirst = (item: Item, world: World): Outcome => {
  const { uid } = item.object.metadata;
  const dependents = dependentsOf(item.object, world);
  const blocking = dependents.filter(({ object }) =>
    object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
  );
  if (blocking.length === 0) return { writes: [withoutFinalizer(item, foreground)] };
  const going = dependents.filter(({ object }) => object.metadata.deletionTimestamp === undefined);
  return {
    writes: going.filter((dependent) => solidOwners(dependent, world).length === 0).map((d) => remove(d, world)),
  };
};

const withoutFinalizer = ({ resource, object }: Item, finalizer: string): Write => {
  const { uid, resourceVersion, finalizers = [] } = object.metadata;
  const left = finalizers.filter((name) => name !== finalizer);
  const metadata = { uid, resourceVersion, finalizers: left.length > 0 ? left : null };
  return { verb: 'patch', resource, key: keyFor(object), patch: { metadata } };
};

/**
 * Owners that exist and do not wait for the deletion of their dependents. Owners of unknown kinds count as existing.
 */
const solidOwners = ({ object }: Item, world: World): OwnerReference[] =>
  (object.metadata.ownerReferences ?? []).filter((reference) => {
    if (!resourceOf(reference)) return true;
    const owner = ownerOf(object, reference, world)?.object.metadata;
    return owner !== undefined && !(owner.deletionTimestamp && owner.finalizers?.includes(foreground));
  });

const followOwners = (item: Item, world: World): Outcome => {
  const references = item.object.metadata.ownerReferences ?? [];
  const solid = solidOwners(item, world);
  // If one owner exists, references to missing owners do no harm. The original removes them; this controller does not.
  if (references.length === 0 || solid.length > 0) return nothing;
  return { writes: [remove(item, world)] };
};

/** Deletes only if the server confirms that every owner is gone, because the cache may not show a new owner yet. */
const remove = ({ resource, object }: Item, world: World): Write => {
  const owners = object.metadata.ownerReferences ?? [];
  const waiting = owners.some((reference) => ownerOf(object, reference, world) !== undefined);
  const hasDependents = dependentsOf(object, world).length > 0;
  const { uid } = object.metadata;
  const options: DeleteOptions = {
    ...(uid === undefined ? {} : { uid }),
    propagationPolicy: waiting && hasDependents ? 'Foreground' : 'Background',
  };
  const absent = owners.flatMap((reference): Named[] => {
    const known = resourceOf(reference);
    if (!known || ownerOf(object, reference, world)) return [];
    return [{ resource: known, key: keyOfOwner(known, object, reference), uid: reference.uid }];
  });
  return { verb: 'delete', resource, key: keyFor(object), options, onlyIfGone: absent };
};
