// Finds the files of this package: the labs that come with it, and the bundles.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Paths {
  /** The folder of the package. */
  readonly root: string;
  /** Folders that have a folder for each lab: of the package, and of the installed labs. */
  readonly labs: readonly string[];
  /** The folder of the installed labs. */
  readonly installed: string;
  /** The folder that scripts/build.ts writes. */
  readonly bundles: string;
}

/**
 * @param moduleUrl of any module of this package, bundled or not
 * @param dataFolder has the installed labs
 */
export const findPaths = (moduleUrl: string, dataFolder: string): Paths => {
  const root = findRoot(moduleUrl);
  const installed = join(dataFolder, 'labs');
  return { root, labs: [join(root, 'labs'), installed], installed, bundles: join(root, 'dist') };
};

/** The folder of the package. */
export const findRoot = (moduleUrl: string): string => {
  let root = dirname(fileURLToPath(moduleUrl));
  const isRoot = (): boolean => existsSync(join(root, 'package.json')) && existsSync(join(root, 'labs'));
  while (!isRoot() && root !== dirname(root)) root = dirname(root);
  return root;
};
