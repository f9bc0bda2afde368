// A program that replaces the API server in a test's network namespace. It serves lists, watches and discovery with the
// API server's code, over TLS on 127.0.0.1. It starts faster than the API server, because it stores nothing on disk.
// Tests write objects through a socket file, without validation. A socket file also works from outside the namespace.
// `test/contract/apiserver/for-kube-proxy.test.ts` compares the stub with the API server.
import { existsSync, readFileSync } from 'node:fs';
import { createServer as createControl, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { KubeObject } from '../../src/api/meta.ts';
import { allResources, apiVersionOf } from '../../src/api/resources.ts';
import { authorizePath, authorizeResource } from '../../src/node/apiserver/auth/authorize.ts';
import type { Answer, Api, Exchange } from '../../src/node/apiserver/exchange/exchange.ts';
import { parseResourceRequest } from '../../src/node/apiserver/exchange/info.ts';
import type { User } from '../../src/node/apiserver/exchange/user.ts';
import { discovery } from '../../src/node/apiserver/routes/discovery.ts';
import { list } from '../../src/node/apiserver/routes/list.ts';
import { watch } from '../../src/node/apiserver/routes/watch.ts';
import { methodNotAllowed, pathNotFound, StatusError, unauthorized } from '../../src/node/apiserver/status.ts';
import type { RevisionLog } from '../../src/node/apiserver/store/log.ts';
import { openStore } from '../../src/node/apiserver/store/store.ts';

interface Change {
  readonly plural: string;
  readonly object: KubeObject;
  readonly remove?: boolean;
}

const [folder = '.', port = '6443'] = process.argv.slice(2);

const emptyLog: RevisionLog = {
  load: () => [].values(),
  append: () => {},
  /** Revisions start at the current time, so that they are newer than the revisions of an earlier stub. */
  compacted: Date.now(),
  compact: () => {},
  forget: () => {},
  close: () => {},
};
const store = openStore(emptyLog);
/** The part of the API that lists, watches and discovery use. */
type StubApi = Pick<Api, 'store' | 'signal' | 'address'>;
const api: StubApi = { store, signal: new AbortController().signal, address: `127.0.0.1:${port}` };

const apply = ({ plural, object, remove }: Change): void => {
  const resource = allResources.find((known) => known.plural === plural);
  if (!resource) throw new Error(`no such resource: ${plural}`);
  const current = store.get(resource, object.metadata);
  if (!remove) store.put(resource, { kind: resource.kind, apiVersion: apiVersionOf(resource), ...object });
  else if (current) store.remove(resource, current);
};

const known: User = { name: 'system:kube-proxy', groups: ['system:authenticated'] };
const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** If a file `api-token` exists beside the certificate, a client must send the token in this file. */
const userOf = ({ headers: { authorization } }: IncomingMessage): User => {
  const file = join(folder, 'api-token');
  if (!existsSync(file) || authorization === `Bearer ${readFileSync(file, 'utf8').trim()}`) return known;
  if (authorization === undefined) return anonymous;
  throw unauthorized();
};

const watchers = new Set<ServerResponse>();

/**
 * The API server's `dispatch`, for kube-proxy's requests. @returns undefined for a watch, which writes its own answer
 */
const dispatch = async (exchange: Exchange<StubApi>): Promise<Answer | undefined> => {
  const { request, response, url, user } = exchange;
  const info = parseResourceRequest(request.method ?? 'GET', url);
  if (info) authorizeResource(user, info);
  else authorizePath(user, 'GET', url.pathname);
  const answer = info ? undefined : discovery(exchange);
  if (answer) return answer;
  if (!info?.resource) throw pathNotFound();
  const resourceExchange = { ...exchange, info, resource: info.resource };
  if (info.verb === 'list') return list(resourceExchange);
  if (info.verb !== 'watch') throw methodNotAllowed();
  watchers.add(response);
  response.once('close', () => watchers.delete(response));
  return watch(resourceExchange);
};

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const send = ({ code, body, headers }: Answer): void => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  try {
    const url = new URL(request.url ?? '/', 'https://localhost');
    const answer = await dispatch({ api, request, response, url, user: userOf(request) });
    if (answer) send(answer);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    send({ code: error.status.code, body: error.status });
  }
};

/**
 * Faulty answers. A POST to `/fault/NAME` of the control socket chooses one. The control socket answers each request
 * with the number of faulty answers so far, by resource.
 */
const faults: Readonly<Record<string, (response: ServerResponse) => void>> = {
  garbage: (response) => response.end('<html>Please log in</html>'),
  otherKind: (response) => response.end('{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}'),
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
let fault: string | undefined;
let faultCounts: Record<string, number> = {};

/** `none` ends the faults. Breaks all watches, so that clients start new watches. */
const chooseFault = (name: string): void => {
  fault = name === 'none' ? undefined : name;
  faultCounts = {};
  for (const watcher of watchers) watcher.destroy();
};

createServer(
  { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
  (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    const answerWrongly = faults[fault ?? ''];
    if (!answerWrongly) return void serve(request, response);
    const resource = new URL(request.url ?? '/', 'https://localhost').pathname.split('/').at(-1) ?? '';
    faultCounts[resource] = (faultCounts[resource] ?? 0) + 1;
    answerWrongly(response);
  },
).listen(Number(port), '127.0.0.1');

createControl((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on('end', () => {
    const [, name] = /^\/fault\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (name !== undefined) chooseFault(name);
    for (const change of JSON.parse(text) as Change[]) apply(change);
    response.end(JSON.stringify(faultCounts));
  });
}).listen(join(folder, 'control.sock'), () => {
  process.stdout.write('ready\n');
  // Node writes its compile cache at exit, but tests kill this program.
  flushCompileCache();
});
