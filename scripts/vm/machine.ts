// Runs one command in the node image in qemu: with a kernel, two disks and a console, and without KVM.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { endTogether } from '../lib/together.ts';
import { makeCheckoutDisk, takeFile } from './disks.ts';
import { makeInitramfs } from './initramfs.ts';
import { ensureKernel } from './kernel.ts';

export interface MachineOptions {
  readonly root: string;
  /** The disk with the root file system. */
  readonly imageDisk: string;
  readonly cacheFolder: string;
  /** Files and folders of the checkout that the command needs. */
  readonly parts: readonly string[];
  /** A script for `sh`, run in the checkout. Its output goes to standard output. */
  readonly command: string;
  /** Files of the checkout to copy back, if the command created them. */
  readonly take: readonly string[];
  /** Undefined: no limit. */
  readonly timeoutMs?: number | undefined;
}

const memoryMiB = 3072;
const processors = 2;
/** A model without AVX: programs then take instructions that qemu translates well. */
const model = 'Nehalem';

/**
 * Boots the machine, runs the command, and turns the machine off.
 * @returns the command's exit code
 * @throws Error when the machine ends before the command does
 */
export const runInMachine = async (options: MachineOptions): Promise<number> => {
  const { root, cacheFolder, command, take } = options;
  const kernel = await ensureKernel(join(cacheFolder, 'kernels'));
  const folder = await mkdtemp(join(tmpdir(), 'labs-vm-'));
  const [initramfs, checkout] = [join(folder, 'initramfs'), join(folder, 'checkout.ext4')];
  const cleanUp = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await makeInitramfs(kernel, initramfs);
    await makeCheckoutDisk(root, checkout, options.parts, { 'out/vm/command.sh': command });
    const disk = (file: string, more: string): string[] => ['-drive', `file=${file},format=raw,if=virtio,${more}`];
    await qemu(
      [
        ...['-accel', 'tcg,thread=multi', '-machine', 'q35', '-cpu', model, '-smp', String(processors)],
        ...['-m', String(memoryMiB), '-nic', 'none', '-vga', 'none', '-display', 'none', '-no-reboot'],
        ...['-serial', 'mon:stdio', '-kernel', kernel.image, '-initrd', initramfs],
        // After a panic the kernel reboots, and `-no-reboot` turns the reboot into the end of qemu.
        // With `norandmaps`, a program has the same addresses at each start, so qemu translates its code only once.
        ...['-append', 'console=ttyS0 panic=-1 quiet mitigations=off norandmaps init_on_alloc=0'],
        ...disk(options.imageDisk, 'readonly=on'),
        ...disk(checkout, 'cache=unsafe'),
      ],
      options.timeoutMs,
      cleanUp,
    );
    await mkdir(join(root, 'out'), { recursive: true });
    for (const path of take) await takeFile(checkout, path, join(root, path));
    if (!(await takeFile(checkout, 'out/vm/status', join(folder, 'status')))) {
      throw new Error('the virtual machine ended before its command did');
    }
    return Number(await readFile(join(folder, 'status'), 'utf8'));
  } finally {
    await cleanUp();
  }
};

const qemu = async (
  args: readonly string[],
  timeoutMs: number | undefined,
  cleanUp: () => Promise<void>,
): Promise<void> => {
  const stdin = process.stdin.isTTY ? 'inherit' : 'ignore';
  // setpriv makes the kernel end qemu with this script, even after SIGKILL.
  const command = ['setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args];
  const { exitCode, signal } = await endTogether(() => {
    const machine = $({ stdio: [stdin, 'inherit', 'inherit'], quiet: true, nothrow: true })`${command}`;
    return timeoutMs === undefined ? machine : machine.timeout(`${timeoutMs}ms`, 'SIGKILL');
  }, cleanUp);
  if (signal !== null) throw new Error(`the virtual machine was ended by ${signal}, after at most ${timeoutMs} ms`);
  if (exitCode !== 0) throw new Error(`qemu-system-x86_64 ended with ${exitCode}`);
};
