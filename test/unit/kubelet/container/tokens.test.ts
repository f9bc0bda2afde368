import { expect, test } from 'vitest';
import type { TokenRequest } from '../../../../src/api/authentication.ts';
import { createTokenCache } from '../../../../src/node/kubelet/container/tokens.ts';
import { VolumeError } from '../../../../src/node/kubelet/container/volume-error.ts';
import { podWith } from '../builders.ts';

const source = { path: 'token', expirationSeconds: 1000 };
const pod = podWith({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: source }] } }] });

/** Counts the requests. Each token says its number. */
const setUp = () => {
  let now = 0;
  let refusal: Error | undefined;
  const requests: TokenRequest[] = [];
  const client = {
    createSubresource: async (_resource: unknown, _key: unknown, _subresource: string, body: unknown) => {
      const { spec, ...rest } = body as TokenRequest;
      if (refusal) throw refusal;
      requests.push({ spec, ...rest });
      const expirationTimestamp = new Date(now + (spec.expirationSeconds ?? 0) * 1000).toISOString();
      return { status: { token: `token ${requests.length}`, expirationTimestamp } };
    },
  };
  const load = createTokenCache(client, () => now);
  return {
    requests,
    refuse: (error: Error) => {
      refusal = error;
    },
    tokenAt: async (seconds: number) => {
      now = seconds * 1000;
      return (await load(pod))(source);
    },
  };
};

test('a token is kept until 80% of its lifetime have passed, then renewed', async () => {
  const { tokenAt, requests } = setUp();
  expect(await tokenAt(0)).toBe('token 1');
  expect(await tokenAt(799)).toBe('token 1');
  expect(await tokenAt(800)).toBe('token 2');
  expect(requests).toHaveLength(2);
  expect(requests[0]?.spec).toEqual({
    audiences: [],
    expirationSeconds: 1000,
    boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid },
  });
});

test('a token that cannot be renewed stays in use until it expires; then the volume cannot be set up', async () => {
  const { tokenAt, refuse } = setUp();
  await tokenAt(0);
  refuse(new Error('connection refused'));
  expect(await tokenAt(999)).toBe('token 1');
  await expect(tokenAt(1000)).rejects.toThrow(new VolumeError('failed to fetch token: connection refused'));
});
