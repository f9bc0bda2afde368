// Packs the initial file system of the virtual machine: a shell, the kernel modules that tests need, and `init.sh`.
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import type { Kernel } from './kernel.ts';

const modules = [
  ...['net/netfilter', 'net/ipv4', 'net/ipv6', 'net/bridge', 'net/802', 'net/llc', 'net/sctp', 'net/core', 'net/sched'],
  ...['lib', 'crypto', 'arch/x86/crypto', 'fs/overlayfs', 'drivers/virtio', 'drivers/block/virtio_blk.ko'],
  ...['drivers/net/veth.ko', 'drivers/net/dummy.ko', 'drivers/net/vxlan', 'drivers/char/hw_random'],
];

const busybox = '/bin/busybox';

/** @param archive path of the file to write */
export const makeInitramfs = async (kernel: Kernel, archive: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-vm-'));
  try {
    await copyModules(kernel, join(folder, 'lib/modules', kernel.version));
    for (const name of ['bin', 'proc', 'sys', 'dev', 'lower', 'upper', 'root']) await mkdir(join(folder, name));
    await copyFile(busybox, join(folder, 'bin/busybox'));
    for (const name of ['init', 'guest']) {
      await copyFile(join(import.meta.dirname, `${name}.sh`), join(folder, name));
      await chmod(join(folder, name), 0o755);
    }
    const pack = `find . | ${busybox} cpio -o -H newc 2>/dev/null | gzip -1`;
    await $({ cwd: folder, quiet: true })`sh -c ${`${pack} > ${archive}`}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Skips modules that this kernel does not have. They may be built in; if they are missing, tests fail. */
const copyModules = async (kernel: Kernel, to: string): Promise<void> => {
  const present = new Set(await readdir(kernel.modules, { recursive: true }));
  for (const path of modules) {
    const name = present.has(path) ? path : `${path}.xz`;
    if (!present.has(name)) continue;
    await mkdir(dirname(join(to, 'kernel', name)), { recursive: true });
    await cp(join(kernel.modules, name), join(to, 'kernel', name), { recursive: true });
  }
  for (const name of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
    await copyFile(join(kernel.modules, '..', name), join(to, name));
  }
  await $({ quiet: true })`${busybox} depmod -b ${join(to, '../../..')} ${kernel.version}`;
};
