// The admission plugin ServiceAccount: a pod runs as a service account that exists. Its containers get the token of the
// account, the authority of the API server and the namespace as files.
import type { ServiceAccount } from '../../../../api/core.ts';
import type { Container, Pod, Volume } from '../../../../api/core-pods.ts';
import { pods, serviceAccounts } from '../../../../api/resources.ts';
import { randomSuffix } from '../../admission/names.ts';
import { forbidden } from '../../status.ts';
import type { AdmissionContext } from '../definition.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour, and a few seconds by which Kubernetes recognises tokens that nobody chose the lifetime of. */
const tokenSeconds = 3607;

/** @throws StatusError 403 when the account does not exist */
export const admitServiceAccount = (pod: Pod, { store }: AdmissionContext): void => {
  const key = { name: pod.spec.serviceAccountName || 'default', namespace: pod.metadata.namespace ?? '' };
  const account = store.get(serviceAccounts, key) as ServiceAccount | undefined;
  if (!account) {
    const problem = `error looking up service account ${key.namespace}/${key.name}: serviceaccount "${key.name}" not found`;
    throw forbidden(pods, pod.metadata.name, problem);
  }
  if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod);
};

/** Containers that mount something else at the path keep it. */
const mountToken = ({ spec }: Pod): void => {
  const present = spec.volumes?.find(({ name }) => name?.startsWith(volumePrefix));
  const name = present?.name ?? `${volumePrefix}${randomSuffix()}`;
  const lacking = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(
    (container) => !mountsPath(container),
  );
  for (const container of lacking)
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  if (lacking.length > 0 && !present) spec.volumes = [...(spec.volumes ?? []), accessVolume(name)];
};

const mountsPath = ({ volumeMounts = [] }: Container): boolean =>
  volumeMounts.some((mount) => mount.mountPath === mountPath);

const accessVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});
