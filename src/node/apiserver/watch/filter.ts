// What a watch with selectors sees: an object that comes to match is added, one that ceases to is deleted.
import type { KubeObject } from '../../../api/meta.ts';
import type { StoreEvent } from '../store/history.ts';

export interface VisibleEvent {
  readonly type: StoreEvent['type'];
  readonly object: KubeObject;
  /** The object's JSON, when it is the stored one. */
  readonly json: string | undefined;
}

export const createFilter =
  (matches: (object: KubeObject) => boolean) =>
  ({ type, object, previous, json }: StoreEvent): VisibleEvent | undefined => {
    if (type === 'DELETED') return matches(previous ?? object) ? { type, object, json } : undefined;
    const before = previous !== undefined && matches(previous);
    if (matches(object)) return { type: before ? 'MODIFIED' : 'ADDED', object, json };
    if (!before) return undefined;
    // The last state that matched, at the revision at which it ceased to.
    const metadata = { ...previous.metadata, resourceVersion: object.metadata.resourceVersion ?? '' };
    return { type: 'DELETED', object: { ...previous, metadata }, json: undefined };
  };
