// A cache of one resource: lists once, then watches for ever. The cache stays while the server is not reachable.
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
  /** Called for each failed list or watch, in addition to the log line. The informer retries on its own. */
  readonly onError?: (error: unknown) => void;
}

type Handler<T> = (before: T | undefined, after: T | undefined) => void;

/** Starts at once. `synced` rejects only if the signal aborts first. */
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
    // No component reads managedFields, and they are often larger than the object.
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
  // Short pauses until the first list, because a node and its API server often start at the same time.
  const startBackoff = createBackoff(50, 300);
  const report = createReport(resource, options);
  let version: string | undefined;
  let listedAt: number | undefined;
  while (!options.signal.aborted) {
    try {
      if (version === undefined) {
        version = await listAll(client, resource, options);
        listedAt = performance.now();
        report.worked();
      }
      version = await watchFrom(client, resource, version, backoff, options);
      report.worked();
    } catch (error) {
      if (options.signal.aborted) return;
      const cause = error instanceof WatchBroke ? error.cause : error;
      if (error instanceof WatchBroke) version = needsList(cause) ? undefined : error.version;
      // Lists again at once, but not in a tight loop if the server forgets each revision immediately.
      if (isGone(cause) && performance.now() - (listedAt ?? 0) > 1000) continue;
      report.failed(cause);
      const leastMs = cause instanceof ApiError ? cause.retryAfterMs : 0;
      await (listedAt === undefined ? startBackoff : backoff).wait(options.signal, leastMs).catch(() => {});
    }
  }
};

/** A watch broke. Carries the last revision that the watch delivered. */
class WatchBroke extends Error {
  readonly version: string;
  constructor(version: string, cause: unknown) {
    super('watch broke', { cause });
    this.version = version;
  }
}

/** Whether the informer must list again. After a broken connection, a 401 or an overload, it only watches again. */
const needsList = (cause: unknown): boolean =>
  cause instanceof ApiError && cause.code < 500 && cause.code !== 401 && cause.code !== 429;

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

/** As in client-go: watches end after five to ten minutes, so that they spread over all API servers again. */
const shortestWatchSeconds = 300;

/** @returns the version to continue from, after the server has ended the watch regularly */
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
    const timeoutSeconds = Math.round(shortestWatchSeconds * (1 + Math.random()));
    const options = { ...selection, resourceVersion: from, signal, allowBookmarks: true, timeoutSeconds };
    for await (const event of client.watch(resource, options)) {
      backoff.reset();
      version = event.object.metadata.resourceVersion ?? version;
      cache.apply(event as WatchEvent<T>);
    }
  } catch (cause) {
    throw new WatchBroke(version, cause);
  }
  // Avoids a tight loop if the server ends each watch at once.
  if (performance.now() - started < 1000) await backoff.wait(signal);
  return version;
};

/** The first and the longest pause between two log lines about a lasting failure. The pause doubles. */
const reportFirstMs = 5000;
const reportLastMs = 60_000;

interface Report {
  failed(error: unknown): void;
  worked(): void;
}

const createReport = (resource: Resource, { logger, onError }: InformerOptions): Report => {
  let next = Number.NEGATIVE_INFINITY;
  let gap = reportFirstMs;
  return {
    failed: (error) => {
      onError?.(error);
      if (performance.now() < next) return;
      next = performance.now() + gap;
      gap = Math.min(gap * 2, reportLastMs);
      logger.warning('List and watch failed; trying again', { resource: resource.plural, err: messageOf(error) });
    },
    worked: () => {
      gap = reportFirstMs;
    },
  };
};
