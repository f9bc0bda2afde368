// Tokens of service accounts for the projected volumes of this node's pods: requests them, keeps them, and requests new
// ones before they expire.
import type { TokenRequest } from '../../../api/authentication.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { serviceAccounts } from '../../../api/resources.ts';
import { messageOf } from '../../../kit/error.ts';
import type { Client } from '../../client/types.ts';
import { type TokenSource, tokenSourcesOf } from './sources.ts';
import { VolumeError } from './volume-error.ts';

interface Kept {
  readonly token: string;
  readonly expiresAt: number;
  /** From this time on, a new token is requested. */
  readonly renewAt: number;
}

export type TokenLoader = (pod: Pod) => Promise<(source: TokenSource) => string>;

const defaultSeconds = 3600;
/** A token is renewed after this part of its lifetime, and after a day at the latest. As in the original. */
const renewAfter = 0.8;
const dayMs = 86_400_000;

/** @param now for tests: milliseconds since 1970 */
export const createTokenCache = (
  client: Pick<Client, 'createSubresource'>,
  now: () => number = Date.now,
): TokenLoader => {
  const kept = new Map<string, Kept>();
  const request = async (pod: Pod, source: TokenSource): Promise<Kept> => {
    const { name, namespace = 'default' } = pod.metadata;
    const account = { name: pod.spec.serviceAccountName ?? 'default', namespace };
    const seconds = source.expirationSeconds ?? defaultSeconds;
    const body: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: account,
      spec: {
        audiences: source.audience ? [source.audience] : [],
        expirationSeconds: seconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid: pod.metadata.uid ?? '' },
      },
    };
    const asked = now();
    const { status } = (await client.createSubresource(serviceAccounts, account, 'token', body)) as TokenRequest;
    if (!status) throw new Error('the API server answered without a token');
    const lifeMs = Date.parse(status.expirationTimestamp) - asked;
    return { token: status.token, expiresAt: asked + lifeMs, renewAt: asked + Math.min(lifeMs * renewAfter, dayMs) };
  };
  return async (pod) => {
    for (const [key, { expiresAt }] of kept) if (expiresAt <= now()) kept.delete(key);
    const problems = new Map<string, string>();
    await Promise.all(
      tokenSourcesOf(pod).map(async (source) => {
        const key = keyOf(pod, source);
        if (now() < (kept.get(key)?.renewAt ?? 0)) return;
        try {
          kept.set(key, await request(pod, source));
        } catch (error) {
          problems.set(key, messageOf(error));
        }
      }),
    );
    return (source) => {
      const key = keyOf(pod, source);
      // A token that could not be renewed stays in use until it expires.
      const found = kept.get(key);
      if (found) return found.token;
      throw new VolumeError(`failed to fetch token: ${problems.get(key) ?? 'it has expired'}`);
    };
  };
};

const keyOf = ({ metadata, spec }: Pod, { audience, expirationSeconds }: TokenSource): string =>
  JSON.stringify([metadata.uid, spec.serviceAccountName, audience, expirationSeconds]);
