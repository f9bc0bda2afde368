// Where this program's own files lie: the labs that come with it, and what the build made.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Paths {
  /** The package's folder. */
  readonly root: string;
  /** The folder of lab folders. */
  readonly labs: string;
  /** What the build made. */
  readonly bundles: string;
}

/** @param moduleUrl of any module of this package, bundled or not */
export const findPaths = (moduleUrl: string): Paths => {
  let root = dirname(fileURLToPath(moduleUrl));
  const isRoot = (): boolean => existsSync(join(root, 'package.json')) && existsSync(join(root, 'labs'));
  while (!isRoot() && root !== dirname(root)) root = dirname(root);
  return { root, labs: join(root, 'labs'), bundles: join(root, 'dist') };
};
