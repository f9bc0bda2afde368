// The writes of controllers as data, and the code that sends them.
import type { Namespace } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, namespaces, type Resource } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import { ApiError, isNotFound } from '../client/error.ts';
import type { EventRecorder } from '../client/events.ts';
import type { Client, DeleteOptions, Key, PatchOptions } from '../client/types.ts';

/** The Event for the result of a write. `%s` is the object's name, or the error. */
export interface Report {
  readonly about: KubeObject;
  readonly done: { readonly reason: string; readonly message: string };
  readonly failed: { readonly reason: string; readonly message: string };
}

/** A reference to an object. With a uid, another object of the same name does not match. */
export interface Named {
  readonly resource: Resource;
  readonly key: Key;
  readonly uid?: string;
}

export type Write =
  | { readonly verb: 'create'; readonly resource: Resource; readonly object: KubeObject; readonly report?: Report }
  | { readonly verb: 'update' | 'updateStatus'; readonly resource: Resource; readonly object: KubeObject }
  | {
      readonly verb: 'patch';
      readonly resource: Resource;
      readonly key: Key;
      readonly patch: unknown;
      readonly options?: PatchOptions;
    }
  | {
      readonly verb: 'delete';
      readonly resource: Resource;
      readonly key: Key;
      readonly options?: DeleteOptions;
      readonly report?: Report;
      /** Delete only if the server says that none of these exists, because a cache of another resource may be stale. */
      readonly onlyIfGone?: readonly Named[];
    }
  | { readonly verb: 'deleteAll'; readonly resource: Resource; readonly namespace: string }
  /** Finalizes a namespace. The server refuses while the namespace has content. */
  | { readonly verb: 'finalize'; readonly object: Namespace }
  | {
      readonly verb: 'event';
      readonly about: KubeObject;
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
    };

/** A merge patch of the status. Removed fields become null. */
export const patchStatus = <T extends KubeObject & { status?: object | undefined }>(
  resource: Resource<T>,
  object: T,
  status: object,
): Write => {
  const gone = Object.keys(object.status ?? {}).filter((key) => !Object.hasOwn(status, key));
  const patch = { status: { ...Object.fromEntries(gone.map((key) => [key, null])), ...status } };
  return { verb: 'patch', resource, key: keyFor(object), patch, options: { type: 'merge', subresource: 'status' } };
};

export const keyFor = ({ metadata: { name, namespace } }: KubeObject): Key => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** The result of a write on the server. A cache must reach this version before the next reconcile. */
export interface Written {
  readonly resource: Resource;
  readonly key: Key;
  /** Of the written or deleted object. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly deleted: boolean;
}

export interface Sending {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly onWritten: (written: Written) => void;
}

/**
 * Sends the writes in order. Consecutive writes with the same verb and resource are sent in batches of 4, 8, 16, …, so
 * that a hundred writes do not cause a hundred refusals. @throws the first refusal, after its batch has ended
 */
export const sendWrites = async (writes: readonly Write[], sending: Sending): Promise<void> => {
  for (let from = 0, size = firstBatch; from < writes.length; ) {
    const batch = runOf(writes, from, size);
    const results = await Promise.allSettled(batch.map((write) => send(write, sending)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    from += batch.length;
    const next = writes[from];
    size = next !== undefined && batch[0] !== undefined && alike(next, batch[0]) ? size * 2 : firstBatch;
  }
};

/** The original starts with 1. Deployments in labs are small, so a larger first batch saves most round trips. */
const firstBatch = 4;

const alike = (a: Write, b: Write): boolean =>
  a.verb === b.verb && 'resource' in a && 'resource' in b && a.resource === b.resource;

/** The next writes that may be sent together: the same verb and resource, and different objects. */
const runOf = (writes: readonly Write[], from: number, size: number): readonly Write[] => {
  const first = writes[from];
  if (first === undefined) return [];
  const objects = new Set<string | undefined>();
  const run: Write[] = [];
  for (const write of writes.slice(from, from + size)) {
    const object = objectOf(write);
    if (write !== first && (!alike(write, first) || objects.has(object))) break;
    if (object !== undefined) objects.add(object);
    run.push(write);
  }
  return run;
};

/** Undefined for an object whose name the server will generate. */
const objectOf = (write: Write): string | undefined => {
  const key = 'key' in write ? write.key : 'object' in write ? keyFor(write.object) : undefined;
  return key?.name === undefined ? undefined : `${key.namespace ?? ''}/${key.name}`;
};

const send = async (write: Write, sending: Sending): Promise<void> => {
  const report = 'report' in write ? write.report : undefined;
  try {
    const name = await sendOne(write, sending);
    if (report) {
      const { reason, message } = report.done;
      sending.recorder.event(report.about, 'Normal', reason, message.replace('%s', name));
    }
  } catch (error) {
    if (isNotFound(error) && write.verb !== 'create') return;
    if (write.verb === 'create' && isTerminating(error)) return;
    if (report) {
      const { reason, message } = report.failed;
      sending.recorder.event(report.about, 'Warning', reason, message.replace('%s', messageOf(error)));
    }
    throw error;
  }
};

/** The namespace is being deleted, so nothing can be created in it. */
const isTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');

/** @returns the name of the written object */
const sendOne = async (write: Write, { client, recorder, onWritten }: Sending): Promise<string> => {
  switch (write.verb) {
    case 'create':
      return wrote(write.resource, await client.create(write.resource, write.object), onWritten);
    case 'update':
      return wrote(write.resource, await client.update(write.resource, write.object), onWritten);
    case 'updateStatus':
      return wrote(write.resource, await client.updateStatus(write.resource, write.object), onWritten);
    case 'patch':
      return wrote(
        write.resource,
        await client.patch(write.resource, write.key, write.patch, write.options),
        onWritten,
      );
    case 'delete':
      for (const owner of write.onlyIfGone ?? []) if (await exists(client, owner)) return write.key.name;
      await client.delete(write.resource, write.key, write.options);
      onWritten({ resource: write.resource, key: write.key, uid: write.options?.uid, deleted: true });
      return write.key.name;
    case 'deleteAll': {
      const { items } = await client.list(write.resource, { namespace: write.namespace });
      await Promise.all(items.map((item) => ignoreGone(client.delete(write.resource, keyFor(item)))));
      return '';
    }
    case 'finalize':
      await finalize(client, write.object);
      return write.object.metadata.name;
    case 'event':
      recorder.event(write.about, write.type, write.reason, write.message);
      return '';
  }
};

const wrote = (resource: Resource, object: KubeObject, onWritten: Sending['onWritten']): string => {
  const { uid, resourceVersion, deletionTimestamp } = object.metadata;
  // Removing the last finalizer of an object that is being deleted deletes the object. The answer is its last state.
  const deleted = deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0;
  onWritten({ resource, key: keyFor(object), uid, resourceVersion, deleted });
  return object.metadata.name;
};

const exists = async (client: Client, { resource, key, uid }: Named): Promise<boolean> => {
  try {
    const { metadata } = await client.get(resource, key);
    return uid === undefined || metadata.uid === uid;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
};

const ignoreGone = async (deleting: Promise<void>): Promise<void> => {
  try {
    await deleting;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
};

/** The namespace still has content. This is not a failure, because deletions take time. */
export class ContentRemains extends Error {
  override readonly name = 'ContentRemains';
}

const finalize = async (client: Client, namespace: Namespace): Promise<void> => {
  const { name } = namespace.metadata;
  for (const resource of allResources.filter(({ namespaced }) => namespaced)) {
    const { items } = await client.list(resource, { namespace: name });
    if (items.length > 0) throw new ContentRemains(`namespace ${name} still has ${items.length} ${resource.plural}`);
  }
  await client.updateSubresource(namespaces, { ...namespace, spec: { finalizers: [] } }, 'finalize');
};
