// Finds the filter for a container's system calls: the runtime's own, or a file below /var/lib/kubelet/seccomp.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, SecurityProfile } from '../../../api/core-pods.ts';
import { messageOf } from '../../../kit/error.ts';
import type { ContainerSpec } from '../runtime/runtime.ts';

/** @throws Error when the file is missing or has no profile */
export const seccompFor = async (
  pod: Pod,
  container: Container,
  folder: string,
): Promise<Pick<ContainerSpec, 'seccomp'>> => {
  const profile = seccompProfileOf(pod, container);
  if (!profile) return {};
  if (profile.type !== 'Localhost') return { seccomp: 'default' };
  const path = join(folder, profile.localhostProfile ?? '');
  const fail = (cause: unknown): never => {
    throw new Error(`cannot load seccomp profile "${path}": ${messageOf(cause)}`, { cause });
  };
  const text = await readFile(path, 'utf8').catch(fail);
  try {
    const filter = JSON.parse(text);
    if (typeof filter.defaultAction !== 'string') throw new Error('it has no defaultAction');
    return { seccomp: filter };
  } catch (cause) {
    return fail(cause);
  }
};

/** @returns undefined for a container without a filter. A privileged container never has one. */
const seccompProfileOf = (pod: Pod, { securityContext: own = {} }: Container): SecurityProfile | undefined => {
  const profile = own.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  return own.privileged || profile?.type === 'Unconfined' ? undefined : profile;
};
