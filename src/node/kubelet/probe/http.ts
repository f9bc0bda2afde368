// Sends the HTTP request of a probe or a lifecycle hook, as the original kubelet does: it follows redirects within the
// same host, and stops at a redirect to another host.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Container, ProbeHandler } from '../../../api/core-pods.ts';
import { kubernetesMajor, kubernetesMinor } from '../../../api/version.ts';
import { dialError, joinHostPort, resolvePort } from './dial.ts';

export interface HttpAnswer {
  readonly code: number;
  /** At most the first 10 KiB. */
  readonly body: string;
}

/** The request failed. The message equals Go's. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
}

export interface HttpTarget {
  readonly container: Container;
  readonly podIp: string;
}

type HttpAction = NonNullable<ProbeHandler['httpGet']>;

export const userAgent = `kube-probe/${kubernetesMajor}.${kubernetesMinor}`;
const timeoutProblem = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
const maxRedirects = 10;
const maxBody = 10 * 1024;

/** @throws PortError, or HttpError when no answer comes in time */
export const httpGet = async (
  action: HttpAction,
  { container, podIp }: HttpTarget,
  timeoutMs: number,
): Promise<HttpAnswer> => {
  const { path = '/', host = podIp, scheme = 'HTTP', httpHeaders = [] } = action;
  const address = joinHostPort(host, resolvePort(action.port, container));
  const first = new URL(`${scheme.toLowerCase()}://${address}${path.startsWith('/') ? '' : '/'}${path}`);
  const headers = headersOf(httpHeaders);
  const signal = AbortSignal.timeout(timeoutMs);
  let url = first;
  for (let count = 1; ; count++) {
    const answer = await send(url, headers, signal);
    const next = redirectOf(answer, url);
    if (!next || next.hostname !== first.hostname) return { code: answer.statusCode ?? 0, body: await read(answer) };
    answer.destroy();
    if (count === maxRedirects) throw new HttpError(`Get "${next}": stopped after ${maxRedirects} redirects`);
    // As in Go, the caller's Host header stays for a relative location only.
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(answer.headers.location ?? '')) delete headers.Host;
    url = next;
  }
};

const redirectOf = ({ statusCode = 0, headers }: IncomingMessage, base: URL): URL | undefined => {
  if (![301, 302, 303, 307, 308].includes(statusCode) || !headers.location) return undefined;
  return URL.canParse(headers.location, base.href) ? new URL(headers.location, base) : undefined;
};

/** Several headers may have the same name. An empty `User-Agent` or `Accept` removes the default. */
const headersOf = (given: readonly { name: string; value: string }[]): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  for (const { name, value } of given) {
    const key = canonical(name);
    headers[key] = key === 'Host' ? value : [...(headers[key] ?? []), value];
  }
  headers['User-Agent'] ??= userAgent;
  headers.Accept ??= '*/*';
  for (const name of ['User-Agent', 'Accept']) if (String(headers[name]) === '') delete headers[name];
  return { ...headers, Connection: 'close' };
};

/** `x-custom-header` → `X-Custom-Header`, as Go sends it. */
const canonical = (name: string): string =>
  name.replace(/[^-]+/g, (word) => `${word[0]?.toUpperCase()}${word.slice(1).toLowerCase()}`);

const send = (url: URL, headers: RequestOptions['headers'], signal: AbortSignal): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const options = { agent: false, headers, signal } as const;
  const request =
    url.protocol === 'https:'
      ? httpsRequest(url, { ...options, rejectUnauthorized: false, servername: isIP(host) ? '' : host })
      : httpRequest(url, options);
  request.on('response', resolve);
  request.on('error', (error) => {
    const isTimeout = error.name === 'AbortError' || error.name === 'TimeoutError';
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    reject(new HttpError(`Get "${url}": ${isTimeout ? timeoutProblem : dialError(error, host, port)}`));
  });
  request.end();
  return promise;
};

const read = async (answer: IncomingMessage): Promise<string> => {
  let body = '';
  try {
    for await (const chunk of answer) {
      body += chunk;
      if (body.length >= maxBody) break;
    }
  } catch {
    // The status code counts. The body is only for messages.
  }
  return body.slice(0, maxBody);
};
