// The events of a watch with selectors: an object that starts to match is added, one that stops matching is deleted.
import type { KubeObject } from '../../../api/meta.ts';
import type { StoreEvent } from '../store/history.ts';

export interface VisibleEvent {
  readonly type: StoreEvent['type'];
  readonly object: KubeObject;
  /** The object's JSON, if the object is the stored one. */
  readonly json: string | undefined;
}

export const createFilter =
  (matches: (object: KubeObject) => boolean) =>
  ({ type, object, previous, json }: StoreEvent): VisibleEvent | undefined => {
    if (type === 'DELETED') return matches(previous ?? object) ? { type, object, json } : undefined;
    const before = previous !== undefined && matches(previous);
    if (matches(object)) return { type: before ? 'MODIFIED' : 'ADDED', object, json };
    if (!before) return undefined;
    // The last state that matched, with the revision of the write after which it did not match.
    const metadata = { ...previous.metadata, resourceVersion: object.metadata.resourceVersion ?? '' };
    return { type: 'DELETED', object: { ...previous, metadata }, json: undefined };
  };
