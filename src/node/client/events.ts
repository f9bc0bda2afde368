// Events about objects, as `kubectl describe` shows them: recorded in the background, repeats counted on one event.

import type { KubeEvent } from '../../api/core.ts';
import type { KubeObject, ObjectReference } from '../../api/meta.ts';
import { events } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { isNotFound } from './error.ts';
import type { Client } from './types.ts';

export interface EventRecorder {
  /** Returns at once. `about` must carry apiVersion and kind, as objects from a client or an informer do. */
  event(about: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  /** `kubelet`, `default-scheduler`, `deployment-controller`, … */
  readonly component: string;
  /** The node's name, where the component runs on each node. */
  readonly host?: string;
  readonly logger: Logger;
}

interface Recorded {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

/** How many different events are remembered for counting; the oldest is forgotten first. */
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

/** @returns false when the earlier event is gone, so that a new one is needed */
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

/** A reference to an object, or the reference itself. */
export const referenceTo = (about: KubeObject | ObjectReference): ObjectReference => {
  if (!('metadata' in about)) return about as ObjectReference;
  const { apiVersion, kind, metadata } = about;
  const { namespace, name, uid, resourceVersion } = metadata;
  const reference = { apiVersion, kind, namespace, name, uid, resourceVersion };
  return Object.fromEntries(Object.entries(reference).filter(([, value]) => value !== undefined));
};

let last = 0;
/** Nanoseconds that never repeat within a process: the end of an event's name. */
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
