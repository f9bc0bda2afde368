// Probes a container once: by an HTTP request, a TCP connection or a command in the container. Lifecycle hooks use the
// same actions. Failure messages equal the original kubelet's.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, ProbeHandler } from '../../../api/core.ts';
import type { IntOrString } from '../../../api/meta.ts';
import { kubernetesMajor, kubernetesMinor } from '../../../api/version.ts';
import { messageOf } from '../../../kit/error.ts';
import type { Runtime } from '../runtime/runtime.ts';

export type ProbeOutcome = { readonly ok: true } | { readonly ok: false; readonly output: string };

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly exec: Runtime['exec'];
}

/** Never throws: an error counts as a failed probe. */
export const probeOnce = async (
  handler: ProbeHandler,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  try {
    if (handler.httpGet) return await probeHttp(handler.httpGet, target, timeoutMs);
    if (handler.tcpSocket) return await probeTcp(handler.tcpSocket, target, timeoutMs);
    if (handler.exec) return await probeExec(handler.exec.command, target, timeoutMs);
    return { ok: true };
  } catch (error) {
    return { ok: false, output: messageOf(error) };
  }
};

/** @param port a number, or the name of one of the container's ports. @throws Error when no port has that name */
export const resolvePort = (port: IntOrString, container: Container): number => {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const named = container.ports?.find(({ name }) => name === port);
  if (!named) throw new Error(`couldn't find port "${port}" in container ${container.name}`);
  return named.containerPort;
};

const userAgent = `kube-probe/${kubernetesMajor}.${kubernetesMinor}`;
const httpTimeout = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

const probeHttp = (
  action: NonNullable<ProbeHandler['httpGet']>,
  { container, podIp }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const { path = '/', host = podIp, scheme = 'HTTP', httpHeaders = [] } = action;
  const port = resolvePort(action.port, container);
  const url = `${scheme.toLowerCase()}://${host}:${port}${path.startsWith('/') ? '' : '/'}${path}`;
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const options = {
    agent: false,
    headers: { 'User-Agent': userAgent, Accept: '*/*', Connection: 'close', ...headers },
    signal: AbortSignal.timeout(timeoutMs),
  };
  const send =
    scheme === 'HTTPS' ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options);
  send.on('response', (response) => {
    response.resume();
    const code = response.statusCode ?? 0;
    const ok = code >= 200 && code < 400;
    resolve(ok ? { ok } : { ok, output: `HTTP probe failed with statuscode: ${code}` });
  });
  send.on('error', (error) => {
    const isTimeout = error.name === 'AbortError' || error.name === 'TimeoutError';
    const cause = isTimeout ? httpTimeout : dialError(error, host, port);
    resolve({ ok: false, output: `Get "${url}": ${cause}` });
  });
  send.end();
  return promise;
};

const probeTcp = (
  action: NonNullable<ProbeHandler['tcpSocket']>,
  { container, podIp }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const { host = podIp } = action;
  const port = resolvePort(action.port, container);
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => {
    socket.destroy();
    resolve({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` });
  });
  socket.on('connect', () => {
    socket.destroy();
    resolve({ ok: true });
  });
  socket.on('error', (error) => resolve({ ok: false, output: dialError(error, host, port) }));
  return promise;
};

const probeExec = async (
  command: readonly string[],
  { containerId, exec }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> => {
  try {
    const { code, stdout, stderr } = await exec(containerId, command, { timeoutMs });
    return code === 0 ? { ok: true } : { ok: false, output: (stdout + stderr).trim() };
  } catch (error) {
    if (/still running after/.test(messageOf(error))) {
      return { ok: false, output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` };
    }
    throw error;
  }
};

const dialErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
};

const dialError = (error: NodeJS.ErrnoException, host: string, port: number): string =>
  `dial tcp ${host}:${port}: ${dialErrors[error.code ?? ''] ?? error.message}`;
