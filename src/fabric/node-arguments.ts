// Finds the arguments with which a Node process was started, in its memory. /proc/PID/cmdline does not prove them: a
// program writes there with `process.title`.
import { type FileHandle, open } from 'node:fs/promises';
import { readProc } from './proc.ts';

/** Node copies its arguments before it runs any JavaScript, so the copy is at the beginning of the heap. */
const mostBytes = 2 << 20;
const wordBytes = 8;
const mostArguments = 2000;

/**
 * @returns the arguments, the program's own path first. Undefined if there are none: it is no Node, or it hides them.
 * `unreadable` if the process has ended, or if nobody on the engine's machine may read the memory of another process
 */
export const nodeArguments = async (hostPid: number): Promise<readonly string[] | undefined | 'unreadable'> => {
  const maps = await readProc(`/proc/${hostPid}/maps`);
  if (maps === undefined) return 'unreadable';
  const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) .*\[heap\]$/m.exec(maps) ?? [];
  const start = Number.parseInt(from, 16);
  const length = Math.min(Number.parseInt(to, 16) - start, mostBytes);
  if (!(length > 0)) return undefined;
  const memory = await open(`/proc/${hostPid}/mem`).catch(() => undefined);
  if (!memory) return 'unreadable';
  try {
    return argumentsIn(await bytesOf(memory, start, length), start);
  } finally {
    await memory.close();
  }
};

const bytesOf = async (memory: FileHandle, start: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  // The process may have ended, or may have begun another program.
  const read = await memory.read(bytes, 0, length, start).catch(() => undefined);
  return bytes.subarray(0, read?.bytesRead ?? 0);
};

/**
 * libuv's `uv_setup_args` puts the arguments into one block: a pointer to each of them, a null pointer, and then their
 * texts. So the first pointer tells where the block ends. Other data looks like this only by intent.
 * @param start the address of the first byte, a multiple of 8
 */
export const argumentsIn = (memory: Buffer, start: number): readonly string[] | undefined => {
  const pointer = (offset: number): number => memory.readUInt32LE(offset + 4) * 2 ** 32 + memory.readUInt32LE(offset);
  const wordsAt = (offset: number, count: number): readonly string[] | undefined => {
    let text = offset + wordBytes * (count + 1);
    if (text > memory.length || pointer(offset + wordBytes * count) !== 0) return undefined;
    const words: string[] = [];
    for (let index = 0; index < count; index += 1) {
      if (pointer(offset + wordBytes * index) !== start + text) return undefined;
      const end = memory.indexOf(0, text);
      if (end < 0) return undefined;
      words.push(memory.toString('utf8', text, end));
      text = end + 1;
    }
    return words;
  };
  for (let offset = 0; offset + wordBytes <= memory.length; offset += wordBytes) {
    const count = (pointer(offset) - start - offset) / wordBytes - 1;
    // A text of C++ that holds its own letters looks like one argument. A component has two at least.
    const words = Number.isInteger(count) && count >= 2 && count <= mostArguments ? wordsAt(offset, count) : undefined;
    if (words) return words;
  }
  return undefined;
};
