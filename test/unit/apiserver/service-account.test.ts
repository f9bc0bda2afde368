import { describe, expect, test } from 'vitest';
import type { ServiceAccount } from '../../../src/api/core.ts';
import type { Pod, PodSpec } from '../../../src/api/core-pods.ts';
import type { AdmissionContext } from '../../../src/node/apiserver/resources/definition.ts';
import { admitServiceAccount } from '../../../src/node/apiserver/resources/pods/service-account.ts';

const admitted = (spec: Partial<PodSpec>, account: Partial<ServiceAccount> = {}): PodSpec => {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'web' }], ...spec },
  };
  const stored = { metadata: { name: 'default', namespace: 'default' }, ...account };
  const store = { get: (_resource: unknown, { name }: { name: string }) => (name === 'default' ? stored : undefined) };
  admitServiceAccount(pod, { store } as unknown as AdmissionContext);
  return pod.spec;
};

const path = '/var/run/secrets/kubernetes.io/serviceaccount';

describe('a new pod', () => {
  test('gets token, authority and namespace as files in every container', () => {
    const spec = admitted({ initContainers: [{ name: 'i', image: 'web' }] });
    const [volume, ...others] = spec.volumes ?? [];
    expect(others).toEqual([]);
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    const mount = { name: volume?.name, mountPath: path, readOnly: true };
    expect([...(spec.initContainers ?? []), ...spec.containers].map(({ volumeMounts }) => volumeMounts)).toEqual([
      [mount],
      [mount],
    ]);
    expect(volume?.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    });
  });

  test.each([
    { pod: false, account: undefined, mounts: 0 },
    { pod: undefined, account: false, mounts: 0 },
    { pod: true, account: false, mounts: 1 },
    { pod: false, account: true, mounts: 0 },
  ])('with automountServiceAccountToken $pod and its account with $account has $mounts mounts', (given) => {
    const automount = (value: boolean | undefined) =>
      value === undefined ? {} : { automountServiceAccountToken: value };
    const spec = admitted(automount(given.pod), automount(given.account));
    expect(spec.containers[0]?.volumeMounts ?? []).toHaveLength(given.mounts);
    expect(spec.volumes ?? []).toHaveLength(given.mounts);
  });

  test('keeps what a container mounts at the same path', () => {
    const own = { name: 'mine', mountPath: path };
    const spec = admitted({
      containers: [{ name: 'c', image: 'web', volumeMounts: [own] }],
      volumes: [{ name: 'mine', emptyDir: {} }],
    });
    expect(spec.containers[0]?.volumeMounts).toEqual([own]);
    expect(spec.volumes).toEqual([{ name: 'mine', emptyDir: {} }]);
  });

  test('is refused without its service account', () => {
    expect(() => admitted({ serviceAccountName: 'nobody' })).toThrow(
      'pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    );
  });
});
