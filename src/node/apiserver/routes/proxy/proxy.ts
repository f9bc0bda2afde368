// pods/p/proxy/…, services/s/proxy/… and nodes/n/proxy/…: hands a request of any method on to the pod, an endpoint of
// the service or the node, and its answer back (the UpgradeAwareHandler of apimachinery).
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createInflate, deflateSync, gzipSync } from 'node:zlib';
import type { Handler } from '../../exchange/exchange.ts';
import { methodNotAllowed, serviceUnavailable } from '../../status.ts';
import { type Backend, dialProblem, forward, forwardedHeaders, relayUpgrade, stream } from '../relay.ts';
import { type Rewriting, rewriteLinks, rewriteUrl } from './links.ts';
import { locate, type ProxyExchange } from './location.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** The API server's page has other origins than the pod's. */
const corsHeaders = /^access-control-(allow-(origin|headers|methods|credentials)|expose-headers|max-age)$/;

export const proxy: Handler = async (exchange) => {
  const { request, response, url } = exchange;
  const { method = 'GET', headers } = request;
  if (!methods.has(method)) throw methodNotAllowed();
  const { prefix, rest } = pathsOf(url);
  const location = locate(exchange);
  // Without the slash at the end, the relative links of a page would lead past the proxy.
  if (rest === '' && (method === 'GET' || method === 'HEAD'))
    return { code: 301, body: '', headers: { location: `${url.pathname}/${url.search}` } };
  const backend: Backend = { ...location, path: `${rest || '/'}${url.search}` };
  const answer = await forward(exchange, backend, headersFor(request, prefix, rest)).catch((cause) => {
    throw serviceUnavailable(`error trying to reach service: ${dialProblem(backend, cause)}`);
  });
  const hosts = [`${backend.host}:${backend.port}`, backend.host, headers.host ?? ''];
  const rewriting: Rewriting = { prefix, hosts };
  const kept = answerHeaders(answer.headers, rewriting);
  const code = answer.statusCode ?? 502;
  if (!isPage(answer) || method === 'HEAD') {
    response.writeHead(code, answer.statusMessage, kept);
    await stream(answer, exchange);
    return undefined;
  }
  const page = await rewrittenPage(answer, rewriting);
  response.writeHead(code, answer.statusMessage, { ...kept, 'content-length': page.length });
  response.end(page);
  return undefined;
};

/** Hands an upgraded connection (WebSocket) to the backend. */
export const upgradeToBackend = async (exchange: ProxyExchange, socket: Duplex, head: Buffer): Promise<void> => {
  const backend: Backend = { ...locate(exchange), path: `${pathsOf(exchange.url).rest || '/'}${exchange.url.search}` };
  await relayUpgrade(exchange.request, backend, socket, head).catch((cause) => {
    throw serviceUnavailable(`error trying to reach service: ${dialProblem(backend, cause)}`);
  });
};

/** The path of the proxy, and the path behind it as the client wrote it. */
const pathsOf = ({ pathname }: URL): { readonly prefix: string; readonly rest: string } => {
  const pattern = /^(\/+api\/+v1\/+(?:namespaces\/+[^/]+\/+(?:pods|services)|nodes)\/+[^/]+\/+proxy)(\/.*)?$/;
  const [, prefix = '', rest = ''] = pattern.exec(pathname) ?? [];
  return { prefix, rest };
};

const headersFor = ({ headers, socket }: IncomingMessage, prefix: string, rest: string): IncomingHttpHeaders => {
  const before = headers['x-forwarded-for'];
  const client = socket.remoteAddress ?? '';
  return {
    ...forwardedHeaders(headers),
    'x-forwarded-for': before === undefined ? client : `${before}, ${client}`,
    'x-forwarded-uri': `${prefix}${rest}`,
  };
};

const answerHeaders = (headers: IncomingHttpHeaders, rewriting: Rewriting): IncomingHttpHeaders => {
  const { location, ...rest } = forwardedHeaders(headers);
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !corsHeaders.test(name)));
  return location === undefined ? kept : { ...kept, location: rewriteUrl(location, rewriting) };
};

const encodings: Readonly<Record<string, { decode: () => NodeJS.ReadWriteStream; encode: (page: Buffer) => Buffer }>> =
  {
    gzip: { decode: createGunzip, encode: gzipSync },
    deflate: { decode: createInflate, encode: deflateSync },
  };

/** A page whose links can be rewritten. Redirects and other answers are passed on as they are. */
const isPage = ({ headers }: IncomingMessage): boolean => {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const encoding = headers['content-encoding'];
  return (
    type === 'text/html' &&
    headers.location === undefined &&
    (encoding === undefined || Object.hasOwn(encodings, encoding))
  );
};

const rewrittenPage = async (answer: IncomingMessage, rewriting: Rewriting): Promise<Buffer> => {
  const encoding = encodings[answer.headers['content-encoding'] ?? ''];
  const content = encoding ? (answer.pipe(encoding.decode()) as unknown as Readable) : answer;
  // Latin-1 keeps every byte, whatever the encoding of the page is. The links are ASCII.
  const page = Buffer.from(rewriteLinks((await buffer(content)).toString('latin1'), rewriting), 'latin1');
  return encoding ? encoding.encode(page) : page;
};
