// The addresses that probes use, and connection errors in the words of Go's dialler.
import { isIPv6 } from 'node:net';
import type { Container } from '../../../api/core-pods.ts';
import type { IntOrString } from '../../../api/meta.ts';

/** A port that cannot be found. The probe then has no result: it neither succeeds nor fails. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * @param port a number, or the name of one of the container's ports, whatever its protocol
 * @throws PortError when no port has that name
 */
export const resolvePort = (port: IntOrString, container: Container): number => {
  const named = typeof port === 'string' ? container.ports?.find(({ name }) => name === port)?.containerPort : port;
  if (named !== undefined) return named;
  if (/^\d+$/.test(String(port))) return Number(port);
  throw new PortError(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
};

/** `10.244.1.2:80` or `[fd00::2]:80` */
export const joinHostPort = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

const dialErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
};

export const dialError = (error: NodeJS.ErrnoException, host: string, port: number): string =>
  `dial tcp ${joinHostPort(host, port)}: ${dialErrors[error.code ?? ''] ?? error.message}`;
