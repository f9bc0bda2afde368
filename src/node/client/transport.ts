// Bytes to and from the API server: HTTP/1.1 over TLS. Calls share a few kept-alive sockets; each watch has its own.
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { checkServerIdentity, createSecureContext } from 'node:tls';
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
}

export interface Transport {
  /** Rejects when the server can't be reached or doesn't answer within half a minute. */
  call(call: Call): Promise<Answer>;
  /** Resolves at the answer's head; the body is the caller's to read. */
  stream(path: string, signal: AbortSignal): Promise<IncomingMessage>;
}

const callTimeoutMs = 30_000;
/** How long a watch waits for the head of its answer: packets to the server may get lost in a broken network. */
const headTimeoutMs = 15_000;
/** Shorter than the server's, so that no call is written to a socket that the server is closing. */
const idleSocketMs = 20_000;
const maxSockets = 8;

export const createTransport = (config: ServerConfig): Transport => {
  const tls = tlsOptions(config);
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets, maxFreeSockets: 2, timeout: idleSocketMs });
  // Watches don't share sockets, but TLS sessions: a component opens several at its start, at half the price each.
  const watchAgent = new Agent({ ...tls, keepAlive: false });
  const base = new URL(config.server);
  // The component's name: runComponent has made it the process's title.
  const userAgent = /^[\w-]*/.exec(process.title)?.[0] || 'labs';
  const optionsFor = (method: string, path: string): RequestOptions => ({
    method,
    host: base.hostname,
    port: base.port || 443,
    path,
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
    },
  });
  return {
    call: async ({ method, path, body, contentType = 'application/json' }) => {
      const options = { ...optionsFor(method, path), agent, signal: AbortSignal.timeout(callTimeoutMs) };
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      if (payload)
        options.headers = { ...options.headers, 'content-type': contentType, 'content-length': payload.length };
      const response = await send(options, payload);
      return { status: response.statusCode ?? 0, body: await textOf(response) };
    },
    stream: (path, signal) => send({ ...optionsFor('GET', path), agent: watchAgent, signal }, undefined, true),
  };
};

/** Certificates are parsed once, not per connection. */
const tlsOptions = (config: ServerConfig) => ({
  secureContext: createSecureContext({
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    ...(config.cert === undefined ? {} : { cert: config.cert }),
    ...(config.key === undefined ? {} : { key: config.key }),
  }),
  ...(config.insecure ? { rejectUnauthorized: false } : {}),
  ...(config.serverName === undefined
    ? {}
    : {
        checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
          checkServerIdentity(config.serverName ?? '', certificate),
      }),
});

const send = (options: RequestOptions, payload?: Buffer, longLived = false): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      outgoing.setTimeout(0);
      resolve(response);
    });
    outgoing.once('error', reject);
    outgoing.setNoDelay(true);
    if (longLived) {
      outgoing.setSocketKeepAlive(true, 15_000);
      outgoing.setTimeout(headTimeoutMs, () => outgoing.destroy(new Error('the server does not answer')));
    }
    outgoing.end(payload);
  });

const textOf = async (response: IncomingMessage): Promise<string> => {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
};
