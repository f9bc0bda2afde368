// Computes a container's user, capabilities and confinement from its security context and its pod's. Pure.
import type { Container, Pod } from '../../../api/core-pods.ts';
import { ContainerConfigError } from './config-error.ts';
import { resolveUser } from './user.ts';

export interface Security {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot: boolean;
  readonly groups: readonly number[];
  /** The process also gets the groups that the image gives its user. */
  readonly imageGroups: boolean;
  readonly privileged: boolean;
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly allowPrivilegeEscalation: boolean;
  readonly readOnlyRootFilesystem: boolean;
}

/** The container's settings win over the pod's. */
export const securityOf = (pod: Pod, container: Container): Security => {
  const { securityContext: ofPod = {} } = pod.spec;
  const { securityContext: own = {} } = container;
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    runAsNonRoot: own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false,
    groups: [...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup])],
    imageGroups: ofPod.supplementalGroupsPolicy !== 'Strict',
    privileged: own.privileged ?? false,
    add: own.capabilities?.add ?? [],
    drop: own.capabilities?.drop ?? [],
    allowPrivilegeEscalation: own.allowPrivilegeEscalation ?? true,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
  };
};

export interface ImageUser {
  /** The image's `USER`. May be empty. */
  readonly user: string;
  /** The content of the image's /etc/passwd and /etc/group. */
  readonly passwd: string;
  readonly group: string;
}

/** @throws ContainerConfigError when there is no such user, or when the user may be root under `runAsNonRoot` */
export const userOf = (pod: Pod, container: Container, image: ImageUser) => {
  const security = securityOf(pod, container);
  const { runAsUser, runAsGroup, groups, imageGroups } = security;
  checkNonRoot(security, image, `(pod: "${formatPod(pod)}", container: ${container.name})`);
  try {
    return resolveUser({
      imageUser: image.user,
      ...(runAsUser === undefined ? {} : { runAsUser }),
      ...(runAsGroup === undefined ? {} : { runAsGroup }),
      supplementalGroups: groups,
      imageGroups,
      passwd: image.passwd,
      group: image.group,
    });
  } catch (cause) {
    throw new ContainerConfigError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

const formatPod = ({ metadata: { name, namespace = 'default', uid = '' } }: Pod): string =>
  `${name}_${namespace}(${uid})`;

const checkNonRoot = ({ runAsNonRoot, runAsUser }: Security, { user }: ImageUser, where: string): void => {
  if (!runAsNonRoot) return;
  if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (runAsUser !== undefined) return;
  const [name = ''] = user.split(':');
  if (name === '' || Number(name) === 0) {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (!/^\d+$/.test(name)) {
    const what = `container has runAsNonRoot and image has non-numeric user (${name})`;
    throw new ContainerConfigError(`${what}, cannot verify user is non-root ${where}`);
  }
};
