// Watches the config file. After an edit the program ends, so that its supervisor restarts it, as with the original.
// Unlike the original, an invalid edit is only logged.
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { ConfigError } from './file.ts';

/** Editors write a file in several steps, so the watch waits this long for the last one. */
const settleMs = 100;

export interface ConfigWatch {
  readonly path: string;
  /** The text in use. */
  readonly text: string;
  /** Throws if a text is not a valid configuration. */
  readonly validate: (text: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Never resolves. Rejects when the file contains another valid text. */
export const configChanged = ({ path, text, validate, log, signal }: ConfigWatch): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  let last: string | undefined = text;
  const look = (): void => {
    try {
      const now = readIfThere(path);
      if (now === last) return;
      last = now;
      if (now === undefined) log.warning('The configuration file is gone; keeping the present configuration', { path });
      if (now === undefined || now === text) return;
      validate(now);
      reject(new ConfigError(`the configuration file ${path} was changed; a restart puts it to use`));
    } catch (error) {
      log.error('The changed configuration file cannot be used; going on with the one before', error, { path });
    }
  };
  // Watches the folder: editors replace the file, and in a pod the file is a symbolic link through another link, which
  // changes.
  watch(dirname(path), { signal, persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  }).on('error', (error) => log.warning('The configuration file is not watched any more', { err: messageOf(error) }));
  return promise;
};

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
