// Bytes to and from the API server: HTTP/1.1 over TLS. Calls share a few kept-alive sockets; each watch has its own.
import * as http from 'node:http';
import * as https from 'node:https';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import { createCredentials, type Identity } from './credentials.ts';
import type { ServerConfig } from './kubeconfig.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** How long the server asks to be left alone, when it says so. */
  readonly retryAfterMs?: number;
}

export interface Transport {
  /** Rejects when the server can't be reached or doesn't answer within half a minute. */
  call(call: Call): Promise<Answer>;
  /** Resolves at the answer's head; the body is the caller's to read. */
  stream(path: string, signal: AbortSignal): Promise<http.IncomingMessage>;
}

const callTimeoutMs = 30_000;
/** How long a watch waits for the head of its answer: packets to the server may get lost in a broken network. */
const headTimeoutMs = 15_000;
/** A watch's connection that was silent for so long is tried, and given up ten seconds after that. */
const keepAliveMs = 15_000;
/** Shorter than the server's, so that no call is written to a socket that the server is closing. */
const idleSocketMs = 20_000;
const maxSockets = 8;

export const createTransport = (config: ServerConfig): Transport => {
  const base = new URL(config.server);
  const credentials = createCredentials(config);
  const connections = createConnections(config, base);
  // The component's name: runComponent has made it the process's title.
  const userAgent = /^[\w-]*/.exec(process.title)?.[0] || 'labs';
  const headersFor = ({ token }: Identity): http.OutgoingHttpHeaders => ({
    accept: 'application/json',
    'user-agent': userAgent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  });
  /** Asks once more when the server doesn't know us and we have something else to show. */
  const request = async (attempt: (identity: Identity) => Promise<http.IncomingMessage>) => {
    const identity = await credentials.current();
    const response = await attempt(identity);
    if (response.statusCode !== 401 || !credentials.refused(identity)) return response;
    response.resume();
    return attempt(await credentials.current());
  };
  const optionsFor = (method: string, path: string, identity: Identity): https.RequestOptions => ({
    method,
    protocol: base.protocol,
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port || (base.protocol === 'http:' ? 80 : 443),
    path: base.pathname.replace(/\/+$/, '') + path,
    headers: headersFor(identity),
  });
  return {
    call: async ({ method, path, body, contentType = 'application/json' }) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const signal = AbortSignal.timeout(callTimeoutMs);
      const response = await request((identity) => {
        const options = { ...optionsFor(method, path, identity), agent: connections.of(identity).shared, signal };
        if (payload)
          options.headers = { ...headersFor(identity), 'content-type': contentType, 'content-length': payload.length };
        return send(options, payload);
      });
      return { status: response.statusCode ?? 0, body: await textOf(response), ...retryAfter(response) };
    },
    stream: (path, signal) =>
      request((identity) => {
        const options = { ...optionsFor('GET', path, identity), agent: connections.of(identity).single, signal };
        return send(options, undefined, true);
      }),
  };
};

interface Connections {
  /** Sockets bear a certificate, so another certificate needs other sockets. */
  of(identity: Identity): { readonly shared: http.Agent; readonly single: http.Agent };
}

const createConnections = (config: ServerConfig, base: URL): Connections => {
  const open = ({ cert, key }: Identity) => {
    const shared = { keepAlive: true, maxSockets, maxFreeSockets: 2, timeout: idleSocketMs };
    if (base.protocol === 'http:') return { shared: new http.Agent(shared), single: new http.Agent() };
    const tls = tlsOptions(config, cert, key);
    return {
      shared: new https.Agent({ ...tls, ...shared }),
      // Watches don't share sockets, but TLS sessions: a component opens several at its start, at half the price each.
      single: new https.Agent({ ...tls, keepAlive: false }),
    };
  };
  let known: { readonly cert: string | undefined; readonly agents: ReturnType<typeof open> } | undefined;
  return {
    of: (identity) => {
      if (!known || known.cert !== identity.cert) known = { cert: identity.cert, agents: open(identity) };
      return known.agents;
    },
  };
};

/** Certificates are parsed once, not per connection. */
const tlsOptions = ({ ca, serverName, insecure }: ServerConfig, cert?: string, key?: string) => ({
  secureContext: createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }),
  ...(insecure ? { rejectUnauthorized: false } : {}),
  ...(serverName === undefined
    ? {}
    : {
        servername: serverName,
        checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
          checkServerIdentity(serverName, certificate),
      }),
});

const send = (options: https.RequestOptions, payload?: Buffer, longLived = false): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { request } = options.protocol === 'http:' ? http : https;
    const outgoing = request(options);
    outgoing.once('response', resolve).once('error', reject);
    outgoing.setNoDelay(true);
    if (longLived) {
      outgoing.setSocketKeepAlive(true, keepAliveMs);
      endWithoutHead(outgoing);
    }
    outgoing.end(payload);
  });

/** Not by the request's own timeout, which begins only once there is a connection. */
const endWithoutHead = (outgoing: http.ClientRequest): void => {
  const timer = setTimeout(() => outgoing.destroy(new Error('the server does not answer')), headTimeoutMs);
  for (const event of ['response', 'close']) outgoing.once(event, () => clearTimeout(timer));
};

const textOf = async (response: http.IncomingMessage): Promise<string> => {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
};

/** Seconds; the header's other form, a date, is not what API servers send. */
export const retryAfter = ({ headers }: http.IncomingMessage): { retryAfterMs?: number } => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
};
