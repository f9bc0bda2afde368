// Sends requests to the API server: HTTP/1.1 over TLS. Calls share a few kept-alive sockets; each watch has its own
// socket.
import * as http from 'node:http';
import * as https from 'node:https';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import { createCredentials, type Identity } from './credentials.ts';
import type { ServerConfig } from './kubeconfig.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The pause that the server asks for, if any. */
  readonly retryAfterMs?: number;
}

export interface Transport {
  /** Rejects when the server is not reachable or does not answer within half a minute. */
  call(call: Call): Promise<Answer>;
  /** Resolves when the head of the answer has arrived. The caller reads the body. */
  stream(path: string, signal: AbortSignal): Promise<http.IncomingMessage>;
}

const callTimeoutMs = 30_000;
/** How long a watch waits for the head of its answer. In a broken network, packets to the server may get lost. */
const headTimeoutMs = 15_000;
/** A watch's connection that was silent for this long is probed (TCP keep-alive), and closed ten seconds later. */
const keepAliveMs = 15_000;
/** Shorter than the server's timeout, so that no call goes to a socket that the server is closing. */
const idleSocketMs = 20_000;
const maxSockets = 8;

export const createTransport = (config: ServerConfig): Transport => {
  const base = new URL(config.server);
  const credentials = createCredentials(config);
  const connections = createConnections(config, base);
  // runComponent has set the process's title to the component's name.
  const userAgent = /^[\w-]*/.exec(process.title)?.[0] || 'labs';
  const headersFor = ({ token }: Identity): http.OutgoingHttpHeaders => ({
    accept: 'application/json',
    'user-agent': userAgent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  });
  /** Repeats a request once after a 401, if there is another credential. */
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
  /** A socket belongs to one client certificate, so another certificate needs other sockets. */
  of(identity: Identity): { readonly shared: http.Agent; readonly single: http.Agent };
}

const createConnections = (config: ServerConfig, base: URL): Connections => {
  const open = ({ cert, key }: Identity) => {
    const shared = { keepAlive: true, maxSockets, maxFreeSockets: 2, timeout: idleSocketMs };
    if (base.protocol === 'http:') return { shared: new http.Agent(shared), single: new http.Agent() };
    const tls = tlsOptions(config, cert, key);
    return {
      shared: new https.Agent({ ...tls, ...shared }),
      // Watches share TLS sessions, not sockets. Resuming a session halves the cost of opening several watches at the
      // start.
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

/** Parses the certificates once, not per connection. */
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

/** Not the request's own timeout, because that starts only after the connection is made. */
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

/** Reads seconds. API servers do not send the header's other form, a date. */
export const retryAfter = ({ headers }: http.IncomingMessage): { retryAfterMs?: number } => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
};
