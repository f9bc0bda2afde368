// What a node may do on the engine's machine. The doctor tries the kernel out in a container with the same privileges.

/** Beside Docker's defaults; no machine is `--privileged`. */
export const nodeCapabilities = ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'] as const;

/** `label=disable`: SELinux would keep the fabric out of the nodes, and the nodes out of the image store. */
export const unconfined = ['seccomp=unconfined', 'apparmor=unconfined', 'label=disable'] as const;
