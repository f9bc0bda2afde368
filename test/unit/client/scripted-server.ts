// An HTTP server whose answers the test chooses. It records each request. For tests of refusals and credentials.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface Asked {
  readonly url: string;
  readonly token: string | undefined;
  /** The common name in the client's certificate. */
  readonly name: string | undefined;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
}

/** @param tls for HTTPS with client certificates. Without it, the server speaks plain HTTP. */
export const startScriptedServer = async (
  reply: (asked: Asked, count: number) => Reply,
  tls?: ServerOptions,
): Promise<ScriptedServer> => {
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    const entry = { url: request.url ?? '', token: request.headers.authorization, name: nameIn(request) };
    asked.push(entry);
    const { status = 200, headers = {}, body = {} } = reply(entry, asked.length);
    response.writeHead(status, headers).end(JSON.stringify(body));
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener)
    : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const nameIn = ({ socket }: IncomingMessage): string | undefined => {
  const name: unknown =
    'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate().subject?.CN : undefined;
  return typeof name === 'string' ? name : undefined;
};
