// A program: lists and watches over TLS on 127.0.0.1, fed through a socket file. It stands in for the API server in a network
// namespace of its own, where the test that feeds it can't reach by network.
import { existsSync, readFileSync } from 'node:fs';
import { createServer as createControl, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

interface StubObject {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
}
interface Change {
  readonly plural: string;
  readonly object: StubObject;
  readonly remove?: boolean;
}

const [folder = '.', port = '6443'] = process.argv.slice(2);
const stores = new Map<string, Map<string, StubObject>>();
const watchers = new Map<string, Set<ServerResponse>>();
/** Every change since this server started, for watches that begin a little late. */
const history: { readonly plural: string; readonly revision: number; readonly line: string }[] = [];
/** Unlike those of any stub that ran here before. */
const start = Date.now();
let revision = start;

const storeOf = (plural: string): Map<string, StubObject> => {
  const store = stores.get(plural) ?? new Map<string, StubObject>();
  stores.set(plural, store);
  return store;
};

const apply = ({ plural, object, remove }: Change): void => {
  const store = storeOf(plural);
  const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  revision += 1;
  const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  const type = remove ? 'DELETED' : store.has(key) ? 'MODIFIED' : 'ADDED';
  if (remove) store.delete(key);
  else store.set(key, stored);
  const line = `${JSON.stringify({ type, object: stored })}\n`;
  history.push({ plural, revision, line });
  for (const watcher of watchers.get(plural) ?? []) watcher.write(line);
};

const watch = (plural: string, from: number, response: ServerResponse): void => {
  response.flushHeaders();
  if (from < start) {
    response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`);
    return;
  }
  for (const event of history) if (event.plural === plural && event.revision > from) response.write(event.line);
  const set = watchers.get(plural) ?? new Set();
  watchers.set(plural, set);
  set.add(response);
  response.on('close', () => set.delete(response));
};

/** With a file `api-token` beside the certificate, only who shows what stands in it is let in. */
const isKnown = (authorization: string | undefined): boolean => {
  const file = join(folder, 'api-token');
  return !existsSync(file) || authorization === `Bearer ${readFileSync(file, 'utf8').trim()}`;
};

/**
 * What a client gets in place of an answer while the server is unwell (POST to `/mood/NAME` of the control socket). Each counts itself:
 * who feeds the server asks how often it has happened.
 */
const moods: Readonly<Record<string, (response: ServerResponse) => void>> = {
  garbage: (response) => response.end('<html>Please log in</html>'),
  stranger: (response) => response.end('{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}'),
  failing: (response) => response.writeHead(500).end('{"kind":"Status","code":500,"message":"etcd has no leader"}'),
  busy: (response) => response.writeHead(429, { 'Retry-After': '1' }).end('{"kind":"Status","code":429}'),
  gone: (response) => response.writeHead(410).end('{"kind":"Status","code":410,"reason":"Expired"}'),
  silent: () => {},
  // Half a list, or half an event of a watch.
  cut: (response) => {
    response.writeHead(200, { 'Content-Length': '1000' }).write('{"kind":"List","metadata":{},"items":[{"met');
    setImmediate(() => response.destroy());
  },
  closed: (response) => response.destroy(),
};
let mood: string | undefined;
let moodCount = 0;

/** `well` ends it. Whoever watches has to come anew. */
const turn = (name: string): void => {
  mood = name === 'well' ? undefined : name;
  moodCount = 0;
  for (const watcher of [...watchers.values()].flatMap((set) => [...set])) watcher.destroy();
};

createServer(
  { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
  (request, response) => {
    const url = new URL(request.url ?? '/', 'https://localhost');
    const plural = url.pathname.split('/').at(-1) ?? '';
    response.setHeader('Content-Type', 'application/json');
    const unwell = moods[mood ?? ''];
    if (unwell) {
      moodCount += 1;
      unwell(response);
    } else if (!isKnown(request.headers.authorization)) response.writeHead(401).end('{}');
    else if (plural === 'healthz') response.end('ok');
    else if (url.searchParams.has('watch')) watch(plural, Number(url.searchParams.get('resourceVersion')), response);
    else {
      const items = [...storeOf(plural).values()];
      response.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion: String(revision) }, items }));
    }
  },
).listen(Number(port), '127.0.0.1');

createControl((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on('end', () => {
    const [, name] = /^\/mood\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (name !== undefined) turn(name);
    for (const change of JSON.parse(text) as Change[]) apply(change);
    response.end(String(moodCount));
  });
}).listen(join(folder, 'control.sock'), () => process.stdout.write('ready\n'));
