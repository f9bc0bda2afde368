// Tokens of service accounts: what a token says, and whether it is still valid (pkg/serviceaccount).
import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../../../api/meta.ts';
import { nodes, pods, type Resource, secrets, serviceAccounts } from '../../../api/resources.ts';
import type { User } from '../exchange/user.ts';
import { isRecord } from '../schema/record.ts';
import type { Store } from '../store/store.ts';
import type { Payload, Tokens } from './jwt.ts';

/** The objects whose existence a token depends on, by the name of their claim. */
export interface Bound {
  readonly pod?: KubeObject;
  readonly node?: KubeObject;
  readonly secret?: KubeObject;
}

export interface TokenContent {
  readonly account: KubeObject;
  readonly bound: Bound;
  readonly audiences: readonly string[];
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export const signToken = ({ jwt, issuer }: Tokens, content: TokenContent): Promise<string> => {
  const { account, bound, audiences, seconds, now } = content;
  const { name, namespace } = account.metadata;
  const issued = Math.floor(now / 1000);
  const claims = Object.entries(bound).map(([claim, object]) => [claim, reference(object)]);
  return jwt.sign({
    aud: audiences,
    exp: issued + seconds,
    iat: issued,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': { namespace, ...Object.fromEntries(claims), serviceaccount: reference(account) },
    nbf: issued,
    sub: `system:serviceaccount:${namespace}:${name}`,
  });
};

const reference = ({ metadata: { name, uid } }: KubeObject) => ({ name, uid });

/** The token is signed by this server, and invalid all the same. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

export interface Checked {
  readonly user: User;
  /** Those of the wanted audiences that the token names. */
  readonly audiences: readonly string[];
}

/** An object that is being deleted keeps its tokens valid for this time, so that a pod can end in peace. */
const deletionLeewayMs = 60_000;

/**
 * @param wanted the audiences of which the token must name one
 * @returns undefined for a token that is not this server's. @throws TokenError
 */
export const checkToken = async (
  { jwt, issuer }: Tokens,
  store: Pick<Store, 'get'>,
  token: string,
  wanted: readonly string[],
): Promise<Checked | undefined> => {
  const payload = await jwt.verify(token);
  if (!payload || payload.iss !== issuer) return undefined;
  checkTime(payload);
  const named = [payload.aud].flat();
  const audiences = wanted.filter((audience) => named.includes(audience));
  if (audiences.length === 0)
    throw new TokenError(
      `token audiences ${JSON.stringify(named)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
    );
  return { user: userOf(payload, store), audiences };
};

const checkTime = ({ exp, nbf }: Payload): void => {
  const now = Date.now() / 1000;
  if (typeof exp !== 'number' || exp <= now) throw new TokenError('service account token has expired');
  if (typeof nbf === 'number' && nbf > now + 60) throw new TokenError('service account token is not valid yet');
};

const userOf = (payload: Payload, store: Pick<Store, 'get'>): User => {
  const claims = isRecord(payload['kubernetes.io']) ? payload['kubernetes.io'] : {};
  const namespace = String(claims.namespace);
  const account = claimed(store, serviceAccounts, claims.serviceaccount, namespace);
  const pod = claims.pod === undefined ? undefined : claimed(store, pods, claims.pod, namespace);
  if (claims.secret !== undefined) claimed(store, secrets, claims.secret, namespace);
  // A pod's token also names the pod's node. The token outlives the node's object, as long as the pod exists.
  const node = isRecord(claims.node) ? claims.node : undefined;
  if (node && !pod) claimed(store, nodes, node);
  const key = 'authentication.kubernetes.io';
  return {
    name: `system:serviceaccount:${namespace}:${account.metadata.name}`,
    ...(account.metadata.uid === undefined ? {} : { uid: account.metadata.uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {
      [`${key}/credential-id`]: [`JTI=${String(payload.jti)}`],
      ...(node ? { [`${key}/node-name`]: [String(node.name)], [`${key}/node-uid`]: [String(node.uid)] } : {}),
      ...(pod ? { [`${key}/pod-name`]: [pod.metadata.name], [`${key}/pod-uid`]: [pod.metadata.uid ?? ''] } : {}),
    },
  };
};

/** The object that a claim names, with the claim's uid. @throws TokenError */
const claimed = (store: Pick<Store, 'get'>, resource: Resource, claim: unknown, namespace?: string): KubeObject => {
  const { name, uid } = isRecord(claim) ? claim : {};
  const object = store.get(resource, { name: String(name), namespace });
  const deletedAt = Date.parse(object?.metadata.deletionTimestamp ?? '');
  const isValid = object !== undefined && object.metadata.uid === uid && !(deletedAt < Date.now() - deletionLeewayMs);
  if (isValid) return object;
  throw new TokenError(`service account token has been invalidated: its ${resource.kind} no longer exists`);
};
