// Settings of the kernel that decide who may make user namespaces. Whether nodes get theirs, a probe tries; the
// settings say why not, and what they mean for programs in nodes.
import type { Probe } from './probe.ts';

const settings = {
  most: 'user/max_user_namespaces',
  clone: 'kernel/unprivileged_userns_clone',
  apparmor: 'kernel/apparmor_restrict_unprivileged_userns',
} as const;

/** Prints the settings that the kernel has. */
export const settingsScript = (mark: string): string =>
  Object.entries(settings)
    .map(([key, file]) => `[ ! -e /proc/sys/${file} ] || echo "${mark} ${key} $(cat /proc/sys/${file})"\n`)
    .join('');

/** A node takes one, and each pod or program in it may take more. */
const fewNamespaces = 64;

export const settingsProbes = (answers: ReadonlyMap<string, string>): readonly Probe[] => [
  countProbe(answers.get('most')),
  ...(answers.get('clone') === '0' ? [cloneProbe] : []),
  ...(answers.has('apparmor') ? [apparmorProbe(answers.get('apparmor') === '1')] : []),
];

const countProbe = (most: string | undefined): Probe => {
  const name = 'namespace limit';
  if (most === undefined)
    return {
      name,
      status: 'failure',
      detail: 'the kernel has no user namespaces',
      remedy: 'Use a kernel with CONFIG_USER_NS. Without it, only `labs start --unsafe-nodes` starts a lab.',
    };
  const detail = `user.max_user_namespaces is ${most}`;
  if (Number(most) >= fewNamespaces) return { name, status: 'ok', detail };
  return {
    name,
    status: Number(most) === 0 ? 'failure' : 'warning',
    detail,
    remedy: 'Each node takes a user namespace. Allow more: `sudo sysctl user.max_user_namespaces=65536`.',
  };
};

const cloneProbe: Probe = {
  name: 'namespaces of users',
  status: 'ok',
  detail:
    'kernel.unprivileged_userns_clone is 0: ' +
    'nodes get their user namespaces from root, and programs in them can make none',
};

const apparmorProbe = (restricted: boolean): Probe => ({
  name: 'AppArmor',
  status: 'ok',
  detail: restricted
    ? 'restricts user namespaces of programs without rights: ' +
      'nodes get theirs from root, and namespaces that programs in them make have no capabilities'
    : 'does not restrict user namespaces',
});
