// List, then watch from there, forever: a cache of one resource that stays while the server is away.
import type { KubeList, KubeObject, WatchEvent } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { ApiError, isGone } from './error.ts';
import { type Client, type Informer, type Key, keyOf, type Selection } from './types.ts';

export interface InformerOptions {
  readonly selection?: Selection;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Called for each failed list or watch, beside the log line; the informer goes on by itself. */
  readonly onError?: (error: unknown) => void;
}

type Handler<T> = (before: T | undefined, after: T | undefined) => void;

/** Starts at once. `synced` rejects only when the signal aborts first. */
export const createInformer = <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: InformerOptions,
): Informer<T> => {
  const items = new Map<string, T>();
  const handlers: Handler<T>[] = [];
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  synced.catch(() => {});
  options.signal.addEventListener('abort', () => reject(options.signal.reason), { once: true });
  const notify: Handler<T> = (before, after) => {
    for (const handler of handlers) {
      try {
        handler(before, after);
      } catch (error) {
        options.logger.error('A handler of changes failed', error, { resource: resource.plural });
      }
    }
  };
  void follow(client, resource, { ...options, cache: createCache(items, notify), listed: resolve });
  return {
    items,
    get: ({ name, namespace }: Key) => items.get(namespace === undefined ? name : `${namespace}/${name}`),
    onChange: (handler) => void handlers.push(handler),
    synced,
  };
};

interface Cache<T> {
  replace(list: KubeList<T>): void;
  apply(event: WatchEvent<T>): void;
}

const createCache = <T extends KubeObject>(items: Map<string, T>, notify: Handler<T>): Cache<T> => {
  const set = (object: T): void => {
    // Nobody in a node reads them, and they outweigh many an object.
    delete object.metadata.managedFields;
    const key = keyOf(object);
    const before = items.get(key);
    if (before && before.metadata.resourceVersion === object.metadata.resourceVersion) return;
    items.set(key, object);
    notify(before, object);
  };
  const remove = (key: string): void => {
    const before = items.get(key);
    if (!before) return;
    items.delete(key);
    notify(before, undefined);
  };
  return {
    replace: (list) => {
      const listed = new Set(list.items.map(keyOf));
      for (const key of [...items.keys()]) if (!listed.has(key)) remove(key);
      for (const item of list.items) set(item);
    },
    apply: (event) => {
      if (event.type === 'DELETED') remove(keyOf(event.object));
      else if (event.type === 'ADDED' || event.type === 'MODIFIED') set(event.object);
    },
  };
};

interface Following<T> extends InformerOptions {
  readonly cache: Cache<T>;
  readonly listed: () => void;
}

const follow = async <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: Following<T>,
): Promise<void> => {
  const backoff = createBackoff(100, 5000);
  // A node that starts beside its API server should lose no time by waiting: small steps until the first list.
  const impatient = createBackoff(50, 300);
  const report = createReport(resource, options);
  let version: string | undefined;
  let listed = false;
  while (!options.signal.aborted) {
    try {
      if (version === undefined) version = await listAll(client, resource, options);
      listed = true;
      version = await watchFrom(client, resource, version, backoff, options);
    } catch (error) {
      if (options.signal.aborted) return;
      if (error instanceof WatchBroke) version = needsList(error.cause) ? undefined : error.version;
      if (error instanceof WatchBroke && isGone(error.cause)) continue;
      report(error instanceof WatchBroke ? error.cause : error);
      await (listed ? backoff : impatient).wait(options.signal).catch(() => {});
    }
  }
};

/** Carries how far a watch came before it broke. */
class WatchBroke extends Error {
  readonly version: string;
  constructor(version: string, cause: unknown) {
    super('watch broke', { cause });
    this.version = version;
  }
}

/** A refusal can't be mended by asking the same again; a broken connection can. */
const needsList = (cause: unknown): boolean => cause instanceof ApiError && cause.code < 500;

const listAll = async <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  { selection, cache, listed }: Following<T>,
): Promise<string> => {
  const list = await client.list(resource, selection);
  cache.replace(list);
  listed();
  return list.metadata.resourceVersion;
};

/** @returns the version to go on from, after the server ended the watch in good order */
const watchFrom = async <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  from: string,
  backoff: Backoff,
  { selection, signal, cache }: Following<T>,
): Promise<string> => {
  const started = performance.now();
  let version = from;
  try {
    const options = { ...selection, resourceVersion: from, signal, allowBookmarks: true };
    for await (const event of client.watch(resource, options)) {
      backoff.reset();
      version = event.object.metadata.resourceVersion ?? version;
      cache.apply(event as WatchEvent<T>);
    }
  } catch (cause) {
    throw new WatchBroke(version, cause);
  }
  // A server that ends each watch at once must not be asked in a tight loop.
  if (performance.now() - started < 1000) await backoff.wait(signal);
  return version;
};

/** One line each few seconds: the same trouble needs no line per attempt. */
const reportEveryMs = 5000;

const createReport = (resource: Resource, { logger, onError }: InformerOptions): ((error: unknown) => void) => {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    onError?.(error);
    if (performance.now() - last < reportEveryMs) return;
    last = performance.now();
    logger.warning('List and watch failed; trying again', { resource: resource.plural, err: messageOf(error) });
  };
};
