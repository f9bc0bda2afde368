// Reads what a container has to say about its end: from its message file or, after a failure, from its log.
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { selectLines, splitLog } from './cri-log.ts';
import type { ContainerExit, ContainerRecord } from './runtime.ts';

/** The name of a file in a container's bundle. The container sees the file at its termination message path. */
export const terminationMessageFile = 'termination-log';

const maxFromFile = 4096;
const maxFromLog = 2048;
const maxLogLines = 80;
/** Long lines may be written in parts, and each part has a head of about 50 bytes. */
const logTail = 64 * 1024;

/** @returns the message; empty if there is none */
export const readTerminationMessage = async (
  record: ContainerRecord,
  { code }: ContainerExit,
  bundle: string,
): Promise<string> => {
  const message = await readEnd(join(bundle, terminationMessageFile), maxFromFile);
  if (message.length > 0 || !record.messageFromLog || code === 0) return message.toString('utf8');
  const { lines } = splitLog(await readEnd(record.logPath, logTail));
  const output = Buffer.concat(selectLines(lines, { tailLines: maxLogLines }).map(({ content }) => content));
  return output.subarray(-maxFromLog).toString('utf8');
};

const readEnd = async (path: string, maxBytes: number): Promise<Buffer> => {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= maxBytes) return readFile(path).catch(() => Buffer.alloc(0));
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, size - maxBytes);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};
