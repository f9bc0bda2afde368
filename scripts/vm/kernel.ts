// The kernel of the virtual machine: Debian's cloud kernel, which has IPVS and dummy links. Unpacked, not installed.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';

export interface Kernel {
  /** As `uname -r` prints it. */
  readonly version: string;
  readonly image: string;
  /** The folder `kernel` of its modules. */
  readonly modules: string;
}

const metaPackage = 'linux-image-cloud-amd64';
const quiet = $({ quiet: true });

/** Takes the kernel from `cacheFolder`, or downloads it to that folder (27 MB). */
export const ensureKernel = async (cacheFolder: string): Promise<Kernel> => {
  const name = await newestPackage();
  const folder = join(cacheFolder, name.replaceAll(/[^\w.+-]/g, '_'));
  if (!existsSync(folder)) await unpack(name, folder);
  const [version] = await readdir(join(folder, 'lib/modules'));
  if (version === undefined) throw new Error(`${name} has no modules: delete ${folder} and try again`);
  return {
    version,
    image: join(folder, `boot/vmlinuz-${version}`),
    modules: join(folder, `lib/modules/${version}/kernel`),
  };
};

/** @returns `package=version` */
const newestPackage = async (): Promise<string> => {
  const find = async (): Promise<string | undefined> => {
    const { stdout } = await $({ quiet: true, nothrow: true })`apt-cache depends ${metaPackage}`;
    const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
    if (name === undefined) return undefined;
    const policy = await quiet`apt-cache policy ${name}`;
    const version = /Candidate: (\S+)/.exec(policy.stdout)?.[1];
    return version === undefined ? undefined : `${name}=${version}`;
  };
  const found = (await find()) ?? (await updateIndex().then(find));
  if (found === undefined) {
    throw new Error(`there is no package ${metaPackage}: the virtual machine needs Debian's package sources`);
  }
  return found;
};

const updateIndex = async (): Promise<void> => void (await $({ quiet: true, nothrow: true })`apt-get update`);

const unpack = async (name: string, folder: string): Promise<void> => {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const download = $({ cwd: unfinished, quiet: true, nothrow: true });
    const first = await download`apt-get download ${name}`;
    if (first.exitCode !== 0) {
      await updateIndex();
      await $({ cwd: unfinished, quiet: true })`apt-get download ${name}`;
    }
    const archive = (await readdir(unfinished)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download ${name} downloaded no package`);
    await $({ cwd: unfinished, quiet: true })`dpkg-deb --extract ${archive} .`;
    await rm(join(unfinished, archive));
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};
