// HTTP with the same headers and the same 404 page as the original's servers.
import type { RequestListener, Server, ServerResponse } from 'node:http';

export interface Page {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

export const text = (code: number, body: string): Page => ({ code, type: 'text/plain; charset=utf-8', body });
export const json = (code: number, body: string): Page => ({ code, type: 'application/json', body });

export const notFound: Page = text(404, '404 page not found\n');

/** Maps paths to pages. A page that throws becomes a 500. */
export const routes =
  (pages: Readonly<Record<string, () => Page | Promise<Page>>>): RequestListener =>
  async (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    try {
      sendPage(response, page ? await page() : notFound);
    } catch (error) {
      sendPage(response, text(500, `${String(error)}\n`));
    }
  };

export const sendPage = (response: ServerResponse, { code, type, body }: Page): void => {
  // HTTP/1.1 keeps connections open by default, and the original sends no header for that.
  response.removeHeader('Connection');
  response.setHeader('Content-Type', type);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(code).end(body);
};

/**
 * @param address such as `0.0.0.0:10256` or `[::]:10256`; a wildcard of either family, or no host, means all addresses
 * of both families
 * @throws Error if the port is taken or this machine lacks the address
 */
export const listen = (server: Server, address: string, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const separator = address.lastIndexOf(':');
  const host = address.slice(0, separator).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(separator + 1));
  const isWildcard = host === '' || host === '0.0.0.0' || host === '::';
  server.once('error', reject);
  server.listen({ port, ...(isWildcard ? {} : { host }), signal }, () => {
    server.off('error', reject);
    server.on('error', () => {});
    resolve();
  });
  signal.addEventListener('abort', () => server.closeAllConnections(), { once: true });
  return promise;
};
