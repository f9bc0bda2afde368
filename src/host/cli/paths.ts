// Finds the files of this package: the labs that come with it, and the bundles.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Paths {
  /** The folder of the package. */
  readonly root: string;
  /** The folder with one folder for each lab. */
  readonly labs: string;
  /** The folder that scripts/build.ts writes. */
  readonly bundles: string;
}

/** @param moduleUrl of any module of this package, bundled or not */
export const findPaths = (moduleUrl: string): Paths => {
  let root = dirname(fileURLToPath(moduleUrl));
  const isRoot = (): boolean => existsSync(join(root, 'package.json')) && existsSync(join(root, 'labs'));
  while (!isRoot() && root !== dirname(root)) root = dirname(root);
  return { root, labs: join(root, 'labs'), bundles: join(root, 'dist') };
};
