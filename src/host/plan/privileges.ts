// What the containers of a lab may do on the engine's machine.
import { seccompProfile } from './seccomp.ts';
import type { MachinePlan } from './types.ts';

type Privileges = Pick<MachinePlan, 'capabilities' | 'dropCapabilities' | 'securityOptions' | 'readOnly'>;

/** Beside Docker's defaults; no machine is `--privileged`. */
export const fabricCapabilities = ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'] as const;

/** Each machine's disk is a file system in a file (Documentation/admin-guide/devices.txt). */
export const loopDevices = ['b 7:* rwm', 'c 10:237 rwm'] as const;

/** `label=disable`: SELinux would keep the fabric out of the machines, and the machines out of the image store. */
const unlabelled = 'label=disable';

/**
 * The fabric makes the namespaces, file systems and links of the machines. No student can run a program in it.
 * `no-new-privileges`: with userns-remap, `mount` of the image belongs to another user, whom its setuid bit would mean.
 */
export const fabricPrivileges: Privileges = {
  capabilities: fabricCapabilities,
  securityOptions: ['no-new-privileges', 'seccomp=unconfined', 'apparmor=unconfined', unlabelled],
};

/**
 * With its two capabilities, the container becomes the owner of the machine's user namespace. Root of the machine has
 * all capabilities, in a user namespace where they mean nothing outside. `apparmor=unconfined`: Docker's profile allows
 * no mount, also in a user namespace.
 */
const unprivileged: Privileges = {
  capabilities: ['SETUID', 'SETGID'],
  dropCapabilities: ['ALL'],
  securityOptions: [
    'no-new-privileges',
    `seccomp=${JSON.stringify(seccompProfile)}`,
    'apparmor=unconfined',
    unlabelled,
  ],
  readOnly: true,
};

/** Root of the machine is root of the engine's machine. */
const unsafe: Privileges = { ...fabricPrivileges, readOnly: true };

/** @param ids the id of root outside; undefined: root of the engine's machine */
export const machinePrivileges = (ids: number | undefined): Privileges => (ids === undefined ? unsafe : unprivileged);
