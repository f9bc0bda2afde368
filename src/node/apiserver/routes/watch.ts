// A watch: one JSON line for each event since a revision and each new event, until the client or the server ends it.
import type { ServerResponse } from 'node:http';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { type Api, namespaceOf, type ResourceExchange } from '../exchange/exchange.ts';
import { isTrue } from '../exchange/query.ts';
import { badRequest, expired } from '../status.ts';
import type { StoreEvent } from '../store/history.ts';
import { encoderFor, type WatchEncoder } from '../watch/encode.ts';
import { createFilter } from '../watch/filter.ts';
import { type Matcher, matcherOf } from './selection.ts';

/** How often a watch gets a bookmark. Clients give up on a server that sends nothing for minutes. */
const bookmarkMs = 30_000;
/** The last bookmark comes this long before the end, as in Kubernetes. The next watch then misses little. */
const lastBookmarkMs = 2000;
/** A client that reads its events too slowly is disconnected. It can list again. */
const backlogBytes = 32 * 1024 * 1024;

type WatchExchange = ResourceExchange<Pick<Api, 'store' | 'signal'>>;

/** Writes the response itself. */
export const watch = (exchange: WatchExchange): undefined => {
  const { api, response, url, resource } = exchange;
  const matches = inNamespace(namespaceOf(exchange), matcherOf(exchange));
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
  // A revision from the future belongs to an earlier store: the client must list again.
  if (missed === undefined || (start ?? 0) > api.store.revision) {
    const status = expired(`too old resource version: ${start} (${history.floor})`).status;
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    return;
  }
  const filter = createFilter(matches);
  const forward = (event: StoreEvent): void => {
    const visible = filter(event);
    if (visible) send(encode(visible));
  };
  if (start === undefined) sendState(exchange, matches, { encode, send });
  for (const event of missed) forward(event);
  const unlisten = history.listen(forward);
  response.once('close', keepAlive(exchange, send, unlisten));
};

const inNamespace =
  (namespace: string | undefined, matches: Matcher): Matcher =>
  (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) && matches(object);

/** The revision after which the watch starts. Undefined to start with all existing objects. @throws StatusError 400 */
const startOf = (url: URL): number | undefined => {
  const version = url.searchParams.get('resourceVersion') ?? '';
  if (isTrue(url, 'sendInitialEvents')) return undefined;
  if (version === '' || version === '0') return undefined;
  if (!/^\d+$/.test(version)) throw badRequest(`invalid resource version: ${version}`);
  return Number(version);
};

interface Sink {
  readonly encode: WatchEncoder;
  readonly send: (line: string) => void;
}

const sendState = ({ api, resource, url, info }: WatchExchange, matches: Matcher, { encode, send }: Sink): void => {
  for (const object of api.store.list(resource).filter(matches))
    send(encode({ type: 'ADDED', object, json: undefined }));
  if (isTrue(url, 'sendInitialEvents'))
    send(
      bookmark(info.served?.resource ?? resource, api.store.revision, {
        annotations: { 'k8s.io/initial-events-end': 'true' },
      }),
    );
};

const bookmark = (resource: Resource, revision: number, extra: object = {}): string => {
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...extra };
  const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
  return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
};

/** Starts the bookmarks and the time limit. @returns a function that stops both and calls `unlisten` */
const keepAlive = (
  { api, url, resource, info, response }: WatchExchange,
  send: Sink['send'],
  unlisten: () => void,
): (() => void) => {
  const seconds = Number(url.searchParams.get('timeoutSeconds') || 1800 * (1 + Math.random()));
  const limitMs = Math.min(seconds * 1000, 2 ** 31 - 1);
  const sendBookmark = (): void => send(bookmark(info.served?.resource ?? resource, api.store.revision));
  const wantsBookmarks = isTrue(url, 'allowWatchBookmarks');
  const bookmarks = wantsBookmarks ? setInterval(sendBookmark, bookmarkMs) : undefined;
  const lastBookmark =
    wantsBookmarks && limitMs > lastBookmarkMs ? setTimeout(sendBookmark, limitMs - lastBookmarkMs) : undefined;
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
  // A watch may still arrive on an open connection while the server stops.
  if (api.signal.aborted) end();
  return stop;
};

const endStream = (response: ServerResponse): void => {
  if (!response.writableEnded) response.end();
};
