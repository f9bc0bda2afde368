// A watch: what happened since a revision, then what happens, one JSON line each, until the client or the server leaves.
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { isTrue } from '../routes/info.ts';
import { selectorsOf } from '../routes/list.ts';
import type { Handler, ResourceExchange } from '../routes/request.ts';
import { badRequest, expired } from '../status.ts';
import type { StoreEvent } from '../store/history.ts';
import { encoderFor, type WatchEncoder } from './encode.ts';
import { createFilter } from './filter.ts';

/** How often a silent watch is told how far it has come. Clients give up on a server that is silent for minutes. */
const bookmarkMs = 30_000;
/** So long before its end a watch is told a last time, as by the original: the next one has little to catch up with. */
const lastBookmarkMs = 2000;
/** A client that reads slower than its events come is cut off: it can come back and list. */
const backlogBytes = 32 * 1024 * 1024;

export const watch: Handler = (exchange) => {
  const { api, request, response, url, resource, info } = exchange;
  const { matches } = selectorsOf(exchange);
  const encode = encoderFor(exchange);
  const start = startOf(url);
  const history = api.store.history(resource);
  const missed = start === undefined ? [] : history.since(start);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const send = (line: string): void => {
    response.write(line);
    if (response.writableLength > backlogBytes) response.destroy();
  };
  // A revision from the future means that the store began anew: the client must list again.
  if (missed === undefined || (start ?? 0) > api.store.revision) {
    const status = expired(`too old resource version: ${start} (${history.floor})`).status;
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    return undefined;
  }
  const namespace = resource.namespaced ? info.namespace : undefined;
  const filter = createFilter(
    (object) => (namespace === undefined || object.metadata.namespace === namespace) && matches(object),
  );
  const forward = (event: StoreEvent): void => {
    const visible = filter(event);
    if (visible) send(encode(visible));
  };
  if (start === undefined) sendState(exchange, matches, { encode, send });
  for (const event of missed) forward(event);
  const unlisten = history.listen(forward);
  const stop = keepAlive(exchange, { encode, send }, unlisten);
  request.once('close', stop);
  response.once('close', stop);
  return undefined;
};

/** Undefined: from now on, with everything there is first. */
const startOf = (url: URL): number | undefined => {
  const version = url.searchParams.get('resourceVersion') ?? '';
  if (isTrue(url.searchParams.get('sendInitialEvents'))) return undefined;
  if (version === '' || version === '0') return undefined;
  if (!/^\d+$/.test(version)) throw badRequest(`invalid resource version: ${version}`);
  return Number(version);
};

interface Sink {
  readonly encode: WatchEncoder;
  readonly send: (line: string) => void;
}

const sendState = (
  exchange: ResourceExchange,
  matches: (object: KubeObject) => boolean,
  { encode, send }: Sink,
): void => {
  const { api, resource, info, url } = exchange;
  const objects = api.store.list(resource, resource.namespaced ? info.namespace : undefined).filter(matches);
  for (const object of objects) send(encode({ type: 'ADDED', object, json: undefined }));
  if (isTrue(url.searchParams.get('sendInitialEvents')))
    send(bookmark(resource, api.store.revision, { annotations: { 'k8s.io/initial-events-end': 'true' } }));
};

const bookmark = (resource: Resource, revision: number, extra: object = {}): string => {
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...extra };
  const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
  return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
};

/** Bookmarks, the watch's time limit and its end. @returns what to do when the client leaves */
const keepAlive = (
  { api, url, resource, response }: ResourceExchange,
  { send }: Sink,
  unlisten: () => void,
): (() => void) => {
  const seconds = Number(url.searchParams.get('timeoutSeconds') || 1800 * (1 + Math.random()));
  const limitMs = Math.min(seconds * 1000, 2 ** 31 - 1);
  const tell = (): void => send(bookmark(resource, api.store.revision));
  const wantsBookmarks = isTrue(url.searchParams.get('allowWatchBookmarks'));
  const bookmarks = wantsBookmarks ? setInterval(tell, bookmarkMs) : undefined;
  const lastBookmark =
    wantsBookmarks && limitMs > lastBookmarkMs ? setTimeout(tell, limitMs - lastBookmarkMs) : undefined;
  const end = (): void => {
    stop();
    endStream(response);
  };
  const timeout = setTimeout(end, limitMs);
  const stop = (): void => {
    clearInterval(bookmarks);
    clearTimeout(lastBookmark);
    clearTimeout(timeout);
    api.signal.removeEventListener('abort', end);
    unlisten();
  };
  api.signal.addEventListener('abort', end, { once: true });
  // A watch may still arrive while the server stops.
  if (api.signal.aborted) end();
  return stop;
};

const endStream = (response: ServerResponse): void => {
  if (!response.writableEnded) response.end();
};
