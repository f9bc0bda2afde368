// Reads a container's log file, and follows it while the container runs. `logs --follow` and attach use this.
import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type LogLine, splitLog } from '../runtime/cri-log.ts';

export interface FollowOptions {
  readonly path: string;
  /** Where to start, in bytes. Default: 0. */
  readonly offset?: number;
  /** Whether the container may write more. Called before each read. */
  readonly isGrowing: () => boolean;
  readonly signal: AbortSignal;
}

const pollMs = 500;
const chunkBytes = 1 << 18;

/** Yields lines as they arrive. Ends when the container has ended and everything is read, or when the signal aborts. */
export async function* followLog(options: FollowOptions): AsyncGenerator<LogLine[]> {
  const { path, signal, isGrowing } = options;
  const changes = watchFile(path, signal);
  let file = await open(path, 'r');
  try {
    let offset = options.offset ?? 0;
    let rest: Buffer = Buffer.alloc(0);
    while (!signal.aborted) {
      // Asked before the read: a read after the container's end sees everything that the container wrote.
      const growing = isGrowing();
      const chunk = await readFrom(file, offset);
      offset += chunk.length;
      if (chunk.length > 0) {
        const { lines, rest: left } = splitLog(Buffer.concat([rest, chunk]));
        rest = left;
        if (lines.length > 0) yield lines;
        continue;
      }
      if (!growing) return;
      const rotated = await isReplaced(file, path);
      if (rotated) {
        await file.close();
        file = await open(path, 'r');
        offset = 0;
        rest = Buffer.alloc(0);
      } else {
        await changes.next(pollMs);
      }
    }
  } finally {
    changes.stop();
    await file.close();
  }
}

const readFrom = async (file: FileHandle, offset: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const { bytesRead } = await file.read(buffer, 0, chunkBytes, offset);
  return buffer.subarray(0, bytesRead);
};

/** When the log has grown too long, conmon replaces the file by a new one. */
const isReplaced = async (file: FileHandle, path: string): Promise<boolean> => {
  const [opened, current] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return current !== undefined && current.ino !== opened.ino;
};

const watchFile = (path: string, signal: AbortSignal) => {
  let wake = (): void => {};
  let changed = false;
  const notice = (): void => {
    changed = true;
    wake();
  };
  const watcher = watch(path, notice);
  watcher.on('error', notice);
  signal.addEventListener('abort', notice, { once: true });
  return {
    /** Resolves at the next change, or after `ms`. Resolves at once if the file changed since the last call. */
    next: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, changed ? 0 : ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (changed) wake();
        changed = false;
      }),
    stop() {
      watcher.close();
      signal.removeEventListener('abort', notice);
    },
  };
};
