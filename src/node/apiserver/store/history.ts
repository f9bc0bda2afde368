// The last events of one resource, from which watches catch up, and the listeners to new events.
import type { KubeObject } from '../../../api/meta.ts';

export interface StoreEvent {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** The object before the write. Undefined when the object was added. */
  readonly previous: KubeObject | undefined;
  /** The object as JSON, made once for the log and all watches. */
  readonly json: string;
}

export interface History {
  record(event: StoreEvent): void;
  /** The events after a revision. Undefined when the history has dropped some of them. */
  since(revision: number): readonly StoreEvent[] | undefined;
  /** The oldest revision from which a watch can start. */
  readonly floor: number;
  /** @returns a function that stops listening */
  listen(listener: (event: StoreEvent) => void): () => void;
}

/** Kubernetes keeps 100 events. A client that missed more lists again, so a larger window only costs memory. */
const windowSize = 128;

export const createHistory = (from: number): History => {
  let events: StoreEvent[] = [];
  let floor = from;
  const listeners = new Set<(event: StoreEvent) => void>();
  return {
    record: (event) => {
      events.push(event);
      // Trimmed in bulk, so that recording stays O(1) on average.
      if (events.length > windowSize * 2) {
        floor = events[events.length - windowSize - 1]?.revision ?? floor;
        events = events.slice(-windowSize);
      }
      for (const listener of listeners) listener(event);
    },
    since: (revision) => (revision < floor ? undefined : events.filter((event) => event.revision > revision)),
    get floor() {
      return floor;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
