// Records the Events that `kubectl describe` shows. Writes in the background, and counts a repeated Event in one
// object.

import type { KubeEvent } from '../../api/core.ts';
import type { KubeObject, ObjectReference } from '../../api/meta.ts';
import { events } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { isNotFound } from './error.ts';
import type { Client } from './types.ts';

export interface EventRecorder {
  /** Returns at once. `about` must have apiVersion and kind. Objects from a client or an informer have them. */
  event(about: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Resolves when all Events recorded so far are sent or dropped. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  /** `kubelet`, `default-scheduler`, `deployment-controller`, … */
  readonly component: string;
  /** The node's name, for a component that runs on every node. */
  readonly host?: string;
  readonly logger: Logger;
}

interface Recorded {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

/** The number of different Events that are remembered for counting. The oldest is forgotten first. */
const remembered = 512;

export const createEventRecorder = (client: Client, options: EventRecorderOptions): EventRecorder => {
  const seen = new Map<string, Recorded>();
  let queue: Promise<void> = Promise.resolve();
  const record = async (event: KubeEvent, key: string): Promise<void> => {
    const earlier = seen.get(key);
    if (earlier && (await countUp(client, earlier, event.lastTimestamp ?? ''))) return;
    await client.create(events, event);
    seen.delete(key);
    seen.set(key, { name: event.metadata.name, namespace: event.metadata.namespace ?? 'default', count: 1 });
    const oldest = seen.keys().next().value;
    if (seen.size > remembered && oldest !== undefined) seen.delete(oldest);
  };
  return {
    event: (about, type, reason, message) => {
      const reference = referenceTo(about);
      const event = newEvent(reference, { type, reason, message }, options);
      const key = [reference.uid, reference.name, reference.fieldPath, type, reason, message].join('\0');
      queue = queue
        .then(() => record(event, key))
        .catch((error: unknown) => {
          options.logger.info(2, 'An event could not be recorded', { reason, message, err: messageOf(error) });
        });
    },
    flush: () => queue,
  };
};

/** @returns false if the earlier Event is gone. The caller then creates a new Event. */
const countUp = async (client: Client, earlier: Recorded, lastTimestamp: string): Promise<boolean> => {
  try {
    await client.patch(events, earlier, { count: earlier.count + 1, lastTimestamp });
    earlier.count += 1;
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
};

/** A reference to an object. Takes an object or a reference. */
export const referenceTo = (about: KubeObject | ObjectReference): ObjectReference => {
  if (!('metadata' in about)) return about as ObjectReference;
  const { apiVersion, kind, metadata } = about;
  const { namespace, name, uid, resourceVersion } = metadata;
  const reference = { apiVersion, kind, namespace, name, uid, resourceVersion };
  return Object.fromEntries(Object.entries(reference).filter(([, value]) => value !== undefined));
};

let last = 0;
/** The end of an Event's name: a time in nanoseconds that is unique within a process. */
const uniqueNanos = (): string => {
  last = Math.max(last + 1, Date.now() * 1000);
  return (BigInt(last) * 1000n).toString(16);
};

const newEvent = (
  about: ObjectReference,
  { type, reason, message }: { type: 'Normal' | 'Warning'; reason: string; message: string },
  { component, host }: EventRecorderOptions,
): KubeEvent => {
  const now = timestamp();
  return {
    metadata: { name: `${about.name ?? ''}.${uniqueNanos()}`, namespace: about.namespace ?? 'default' },
    involvedObject: about,
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    eventTime: null,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? '',
  };
};
