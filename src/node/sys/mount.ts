// Mounts in the node's mount namespace: overlays for containers, tmpfs for memory volumes.
import { readFile } from 'node:fs/promises';
import { run, runOk } from './exec.ts';
import { isInUserNamespace } from './user-namespace.ts';

export interface OverlayMount {
  /** The image's root file system. It stays unchanged. */
  readonly lower: string;
  /** Must be on a tmpfs: overlayfs refuses an upper directory on an overlay. */
  readonly upper: string;
  readonly work: string;
  readonly target: string;
}

export const mountOverlay = async ({ lower, upper, work, target }: OverlayMount): Promise<void> => {
  // In a user namespace, overlayfs cannot keep its marks in attributes of the class `trusted`.
  const marks = (await isInUserNamespace()) ? ',userxattr' : '';
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}${marks}`;
  await runOk(['mount', '-t', 'overlay', 'overlay', '-o', options, target]);
};

export const mountTmpfs = async (target: string, sizeBytes?: number): Promise<void> => {
  const size = sizeBytes === undefined ? [] : ['-o', `size=${sizeBytes}`];
  await runOk(['mount', '-t', 'tmpfs', ...size, 'tmpfs', target]);
};

/** Unmounts lazily, so that an open file does not keep the mount. No error if nothing is mounted. */
export const unmount = async (target: string): Promise<void> => {
  const { code, stderr } = await run(['umount', '--lazy', target]);
  if (code !== 0 && !/not mounted|no mount point|not found|No such file/i.test(stderr)) {
    throw new Error(`umount ${target}: ${stderr.trim()}`);
  }
};

/** Mount points at or below `path`, deepest first. */
export const mountsBelow = async (path: string): Promise<string[]> => {
  const table = await readFile('/proc/self/mounts', 'utf8');
  return table
    .split('\n')
    .map((line) => decode(line.split(' ')[1] ?? ''))
    .filter((point) => point === path || point.startsWith(`${path}/`))
    .reverse();
};

/** The kernel writes spaces in mount points as octal escapes. */
const decode = (point: string): string =>
  point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
