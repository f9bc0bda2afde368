// The last events of one resource: what a watch that comes back starts from, and who hears the next ones.
import type { KubeObject } from '../../../api/meta.ts';

export interface StoreEvent {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** The object before; absent when it was added. */
  readonly previous: KubeObject | undefined;
  /** The object, serialised once for the log and every watch. */
  readonly json: string;
}

export interface History {
  record(event: StoreEvent): void;
  /** Events after a revision, or undefined when some of them are forgotten. */
  since(revision: number): readonly StoreEvent[] | undefined;
  /** The oldest revision from which a watch can start. */
  readonly floor: number;
  /** Returns how to stop listening. */
  listen(listener: (event: StoreEvent) => void): () => void;
}

/** Kubernetes keeps a hundred; more only costs memory, since a client that was away for longer can list. */
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
