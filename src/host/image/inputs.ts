// The inputs of the images, and their digests. An image is built again only when its digest changes.
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../kit/error.ts';

/** One file of the build context. */
export interface InputFile {
  /** Relative to the image folder. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

export interface ImageInputs {
  readonly files: readonly InputFile[];
  /** The Debian packages of each image. */
  readonly packages: { readonly node: readonly string[]; readonly pods: readonly string[] };
  readonly digests: {
    readonly node: string;
    readonly pods: string;
    /** Digests of the lists of packages alone. */
    readonly nodeBase: string;
    readonly podsBase: string;
  };
}

/** Raise this number when the code of this folder makes a different image from the same inputs. */
const recipe = 1;

/** The inputs of only one image. All other files are inputs of both. */
const onlyNode = /^(Dockerfile$|node\/|packages\/node$)/;
const onlyPods = /^(pods\/|packages\/pods$)/;

/** @param folder the checkout's `image/` @param nodeVersion of the Node binary in the node image */
export const readInputs = async (folder: string, nodeVersion: string): Promise<ImageInputs> => {
  const files = await readFiles(folder);
  const list = (name: string): readonly string[] => {
    const file = files.find(({ path }) => path === `packages/${name}`);
    if (!file) throw new LabError('LAB_IMAGE_INPUTS', `${folder}/packages/${name} is missing`);
    return parsePackages(file.content.toString('utf8'));
  };
  const packages = { node: list('node'), pods: list('pods') };
  const without = (pattern: RegExp): readonly InputFile[] => files.filter(({ path }) => !pattern.test(path));
  return {
    files,
    packages,
    digests: {
      node: digest(nodeVersion, ...without(onlyPods)),
      pods: digest('', ...without(onlyNode)),
      nodeBase: digest(packages.node.join(' ')),
      podsBase: digest(packages.pods.join(' ')),
    },
  };
};

/** One name per line; `#` starts a comment. */
export const parsePackages = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');

const readFiles = async (folder: string): Promise<InputFile[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new LabError('LAB_IMAGE_INPUTS', `The folder with the sources of the images is missing: ${folder}`, {
      cause,
    });
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return await Promise.all(
    paths.map(async (path) => {
      const [content, { mode }] = await Promise.all([readFile(join(folder, path)), stat(join(folder, path))]);
      // Only the executable bit, as in git, so that the umask of a checkout does not change the digest.
      return { path, mode: mode & 0o100 ? 0o755 : 0o644, content };
    }),
  );
};

const digest = (text: string, ...files: readonly InputFile[]): string => {
  const hash = createHash('sha256').update(`${recipe}\0${text}\0`);
  for (const { path, mode, content } of files) hash.update(`${path}\0${mode}\0${content.length}\0`).update(content);
  return hash.digest('hex').slice(0, 16);
};
