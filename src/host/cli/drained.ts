// Waits until a reader has taken all that labs wrote: ending the process drops what is left for a pipe.
import type { Writable } from 'node:stream';

/** Resolves also when the reader has gone away. */
export const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) return resolve();
    stream.once('close', resolve);
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
