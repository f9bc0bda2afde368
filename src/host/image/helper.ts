// Gives access to the pod image store or another Docker volume: a short-lived container mounts it and runs scripts in
// it. This also works with a remote engine.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import { diskFull, isDiskFull } from '../docker/errors.ts';
import type { Containers } from '../docker/port.ts';
import { imageVolume } from '../plan/names.ts';
import { imageLabels } from './names.ts';

/** The store's mount point in the helper container. */
export const helperStore = '/store';

export interface Helper {
  /** Runs a shell script with arguments. @returns its output @throws LabError LAB_IMAGE_STORE with its last lines */
  run(script: string, args: readonly string[]): Promise<string>;
  /** Runs a shell script with a stream as its standard input. */
  feed(script: string, args: readonly string[], input: Readable): Promise<void>;
}

export interface HelperOptions {
  readonly docker: Containers;
  /** An image with sh, tar and coreutils. */
  readonly image: string;
  readonly signal?: AbortSignal | undefined;
  /** Default: the pod image store. */
  readonly volume?: { readonly name: string; readonly kind: string };
}

const podImages = { name: imageVolume, kind: 'images' } as const;

/** A unique name for a helper container. */
export const helperName = (): string => `labs-helper-${randomBytes(6).toString('hex')}`;

/** Creates the volume if it is missing, and runs `work` on it. The container is always removed afterwards. */
export const withStore = async <T>(options: HelperOptions, work: (helper: Helper) => Promise<T>): Promise<T> => {
  const { docker, image, signal, volume = podImages } = options;
  await removeStaleHelpers(docker);
  await docker.volumes.create(volume.name, { [imageLabels.volume]: volume.kind }, signal);
  const name = helperName();
  await using undo = new UndoStack();
  undo.push('remove the helper container', () => docker.remove(name));
  await docker.create(
    {
      name,
      image,
      network: 'none',
      entrypoint: ['sleep', '3600'],
      command: [],
      labels: { [imageLabels.helper]: new Date().toISOString() },
      mounts: [{ source: volume.name, path: helperStore, readOnly: false }],
    },
    signal,
  );
  await docker.start(name, signal);
  return await work(helperIn(docker, name, signal));
};

const helperIn = (docker: Containers, container: string, signal: AbortSignal | undefined): Helper => {
  const command = (script: string, args: readonly string[]) => ({
    command: ['sh', '-euc', script, 'sh', ...args],
    ...(signal ? { signal } : {}),
  });
  return {
    run: async (script, args) => {
      const { exitCode, stdout, stderr } = await docker.exec(container, command(script, args));
      if (exitCode !== 0) throw storeFailed(stderr || stdout);
      return stdout;
    },
    feed: async (script, args, input) => {
      const session = await docker.open(container, command(script, args));
      let said = '';
      session.stdout.resume();
      session.stderr.on('data', (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-2000);
      });
      // If the command ends early, its exit code is a better error than the broken pipe.
      const fed = pipeline(input, session.stdin).catch((error: unknown) => error);
      const exitCode = await session.exitCode;
      input.destroy();
      if (exitCode !== 0) throw storeFailed(said);
      const error = await fed;
      if (error instanceof Error) throw error;
    },
  };
};

/** Removes helpers that a killed run left behind. No helper needs ten minutes. */
const removeStaleHelpers = async (docker: Containers): Promise<void> => {
  const helpers = await docker.list({ [imageLabels.helper]: '' });
  const stale = helpers.filter(({ labels }) => Date.now() - Date.parse(labels[imageLabels.helper] ?? '') > 600_000);
  await Promise.all(stale.map(({ id }) => docker.remove(id)));
};

const storeFailed = (said: string): LabError => {
  const text = said.trim().split('\n').slice(-3).join('\n');
  return isDiskFull(text)
    ? diskFull(text)
    : new LabError('LAB_IMAGE_STORE', `The pod image store could not be changed: ${text}`, {
        hint: 'Run `labs doctor` to find the cause.',
      });
};
