// Ownership: controller references, adoption and release (ControllerRefManager in pkg/controller).
import type { KubeObject, OwnerReference } from '../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { keyFor, type Write } from './writes.ts';

/** The reference to the owner that manages the object. An object has at most one. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

export const ownerReference = (resource: Resource, { metadata }: KubeObject): OwnerReference => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

export interface Claim<T extends KubeObject> {
  readonly owned: readonly T[];
  /** Adopts matching orphans, and releases owned objects that do not match. */
  readonly writes: readonly Write[];
}

export interface ClaimOptions<T extends KubeObject> {
  readonly ownerResource: Resource;
  readonly owner: KubeObject;
  readonly resource: Resource<T>;
  readonly candidates: readonly T[];
  readonly matches: (object: T) => boolean;
}

/** Nothing is adopted or released for an owner that is being deleted. */
export const claim = <T extends KubeObject>(options: ClaimOptions<T>): Claim<T> => {
  const { owner, ownerResource, resource, candidates, matches } = options;
  const isBeingDeleted = owner.metadata.deletionTimestamp !== undefined;
  const controlled = candidates.filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
  const orphans = candidates.filter(
    (object) =>
      !isBeingDeleted &&
      controllerOf(object) === undefined &&
      object.metadata.deletionTimestamp === undefined &&
      object.metadata.namespace === owner.metadata.namespace &&
      matches(object),
  );
  const nonMatching = controlled.filter((object) => !matches(object));
  const reference = ownerReference(ownerResource, owner);
  return {
    owned: [...controlled.filter(matches), ...orphans],
    writes: [
      ...orphans.map((object) => setOwners(resource, object, [...(object.metadata.ownerReferences ?? []), reference])),
      ...(isBeingDeleted ? [] : nonMatching).map((object) => setOwners(resource, object, withoutOwner(object, owner))),
    ],
  };
};

const withoutOwner = (object: KubeObject, owner: KubeObject): OwnerReference[] =>
  (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);

/** The list is replaced as a whole, so the resource version protects it from concurrent changes. */
export const setOwners = (resource: Resource, object: KubeObject, owners: readonly OwnerReference[]): Write => ({
  verb: 'patch',
  resource,
  key: keyFor(object),
  patch: {
    metadata: {
      uid: object.metadata.uid,
      resourceVersion: object.metadata.resourceVersion,
      ownerReferences: owners.length === 0 ? null : owners,
    },
  },
});
