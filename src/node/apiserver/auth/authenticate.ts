// Who sends a request: the client certificate's CommonName is the user, its organizations are the groups.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { User } from '../exchange/exchange.ts';
import { unauthorized } from '../status.ts';

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const users = new WeakMap<object, User>();

/** @throws StatusError 401 on a token, or on a certificate of another authority */
export const authenticate = (request: IncomingMessage): User => {
  const user = userOf(request.socket as TLSSocket);
  // This server issues no tokens, so every token is wrong. With a certificate, a token is ignored.
  if (user === anonymous && request.headers.authorization !== undefined) throw unauthorized();
  return user.groups.includes('system:masters') ? impersonated(request, user) : user;
};

/** Reads the certificate once per connection, because reading it costs more than a small request. */
const userOf = (socket: TLSSocket): User => {
  const known = users.get(socket);
  if (known) return known;
  const user = readUser(socket);
  users.set(socket, user);
  return user;
};

const readUser = (socket: TLSSocket): User => {
  const certificate = socket.getPeerCertificate?.();
  if (!certificate?.subject) return anonymous;
  if (!socket.authorized) throw unauthorized();
  const { CN: name, O: organizations } = certificate.subject;
  return {
    name: String(name ?? ''),
    groups: [...[organizations ?? []].flat(), 'system:authenticated'],
  };
};

/** `kubectl --as=jane --as-group=developers` */
const impersonated = (request: IncomingMessage, user: User): User => {
  const name = request.headers['impersonate-user'];
  if (typeof name !== 'string') return user;
  const groups = request.headersDistinct['impersonate-group'] ?? [];
  const implied = name === anonymous.name ? 'system:unauthenticated' : 'system:authenticated';
  return { name, groups: [...groups, implied] };
};
