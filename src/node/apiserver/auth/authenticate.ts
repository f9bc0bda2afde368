// Who sends a request. The client certificate's CommonName is the user, its organizations are the groups. Without a
// certificate, a bearer token names a service account.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Api } from '../exchange/exchange.ts';
import type { User } from '../exchange/user.ts';
import { StatusError, unauthorized } from '../status.ts';
import { isTrusted } from './authorize.ts';
import { checkToken, TokenError } from './tokens.ts';

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const users = new WeakMap<object, User>();

/** @throws StatusError 401 on a wrong token, or on a certificate of another authority; 403 on a forbidden `--as` */
export const authenticate = async (api: Pick<Api, 'store' | 'tokens'>, request: IncomingMessage): Promise<User> => {
  const certified = userOf(request.socket as TLSSocket);
  const { authorization } = request.headers;
  // With a certificate, a token is ignored.
  const user = certified === anonymous && authorization !== undefined ? await bearer(api, authorization) : certified;
  return impersonated(request, user);
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

const bearer = async ({ store, tokens }: Pick<Api, 'store' | 'tokens'>, authorization: string): Promise<User> => {
  const [, token = ''] = /^bearer +(\S+)$/i.exec(authorization.trim()) ?? [];
  try {
    const checked = await checkToken(tokens, store, token, tokens.audiences);
    if (checked) return checked.user;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
  }
  throw unauthorized();
};

/** `kubectl --as=jane --as-group=developers` */
const impersonated = ({ headers, headersDistinct }: IncomingMessage, user: User): User => {
  const name = headers['impersonate-user'];
  if (typeof name !== 'string') return user;
  if (!isTrusted(user)) {
    const message =
      `users "${name}" is forbidden: User "${user.name}" cannot impersonate resource "users" in API group "" ` +
      'at the cluster scope';
    throw new StatusError(403, 'Forbidden', message, { name, kind: 'users' });
  }
  const given = headersDistinct['impersonate-group'] ?? [];
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name);
  const own =
    account && given.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : given;
  const implied = name === anonymous.name ? 'system:unauthenticated' : 'system:authenticated';
  const uid = headers['impersonate-uid'];
  return { name, groups: [...own, implied], ...(typeof uid === 'string' ? { uid } : {}) };
};
