// Notices an edited config file. As with the original, the program ends and whoever started it starts it anew; unlike it, an edit
// that can't be used is only logged, and what runs goes on.
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import { ConfigError } from './file.ts';

/** An editor writes a file in several steps. */
const settleMs = 100;

export interface ConfigWatch {
  readonly path: string;
  /** The text that is in use. */
  readonly text: string;
  /** Throws when a text can't be used. */
  readonly validate: (text: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Never resolves; rejects when there is another usable text in the file. */
export const configChanged = ({ path, text, validate, log, signal }: ConfigWatch): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  let last: string | undefined = text;
  const look = (): void => {
    try {
      const now = readIfThere(path);
      if (now === last) return;
      last = now;
      if (now === undefined) log.warning('The configuration file is gone; going on with what it said', { path });
      if (now === undefined || now === text) return;
      validate(now);
      reject(new ConfigError(`the configuration file ${path} was changed; a restart puts it to use`));
    } catch (error) {
      log.error('The changed configuration file cannot be used; going on with the one before', error, { path });
    }
  };
  // The folder and whatever happens in it: editors put a new file in the place of the old one, and in a pod the file is a link
  // through another link, which is the one that changes.
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
