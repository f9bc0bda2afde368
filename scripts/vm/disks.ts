// The two disks of the virtual machine: the node image, made once, and this checkout, made for each run.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { $ } from 'zx';
import type { Containers } from '../../src/host/docker/port.ts';

/** The root file system of an image as a disk, read-only. */
export const ensureImageDisk = async (docker: Containers, image: string, cacheFolder: string): Promise<string> => {
  const disk = join(cacheFolder, `${image.replaceAll(/[^\w.-]/g, '_')}.ext4`);
  if (existsSync(disk)) return disk;
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'labs-vm-'));
  const container = await docker.create({ name: `vm-image-${process.pid}`, image, network: 'none' });
  try {
    const unpack = $({ quiet: true })`tar --extract --directory ${folder}`;
    await pipeline(await docker.getArchive(container, '/'), unpack.stdin);
    await unpack;
    await makeDisk(folder, `${disk}.${process.pid}`);
    await rename(`${disk}.${process.pid}`, disk);
    await dropOthers(cacheFolder, disk);
    return disk;
  } finally {
    await docker.remove(container);
    await rm(folder, { recursive: true, force: true });
  }
};

/** Removes the disks of older images. */
const dropOthers = async (cacheFolder: string, disk: string): Promise<void> => {
  for (const name of await readdir(cacheFolder)) {
    const path = join(cacheFolder, name);
    if (name.endsWith('.ext4') && path !== disk) await rm(path);
  }
};

/** Large packages that nothing in the machine needs. The image brings Node. */
const leftOut = /^node_modules\/(node-linux-|@biomejs\/|typescript\/|dependency-cruiser\/|\.cache\/|\.vite)/;

/**
 * Makes a writable disk with parts of the checkout.
 * @param parts files and folders
 * @param files more files by path
 */
export const makeCheckoutDisk = async (
  root: string,
  disk: string,
  parts: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-vm-'));
  try {
    const filter = (path: string): boolean => !leftOut.test(`${path.slice(root.length)}/`);
    const options = { recursive: true, filter, verbatimSymlinks: true, preserveTimestamps: true };
    for (const name of parts) await cp(join(root, name), join(folder, name), options);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), text, { mode: 0o755 });
    }
    await makeDisk(folder, disk);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Free space for the machine and for the file system's own data. */
const spareMiB = 96;

const makeDisk = async (folder: string, disk: string): Promise<void> => {
  const size = await $({ quiet: true })`du --summarize --block-size=1M ${folder}`;
  const mebibytes = Math.ceil(Number.parseInt(size.stdout, 10) * 1.15) + spareMiB;
  const options = ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-i', '8192', '-E', 'root_owner=0:0'];
  await rm(disk, { force: true });
  await $({ quiet: true })`/sbin/mke2fs ${options} -d ${folder} ${disk} ${mebibytes}M`;
};

/** Copies a file from a disk that no machine uses. @returns false when the file does not exist */
export const takeFile = async (disk: string, path: string, to: string): Promise<boolean> => {
  await rm(to, { force: true });
  await $({ quiet: true })`/sbin/debugfs -R ${`dump /${path} ${to}`} ${disk}`;
  return existsSync(to);
};
