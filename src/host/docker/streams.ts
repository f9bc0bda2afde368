// Parses Docker's streams: frames of standard output and error, and JSON lines of progress.
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Splits a stream of Docker's frames (header of 8 bytes: stream number, 3 × 0, big-endian length) in two. */
export const demultiplex = (source: Readable): { readonly stdout: Readable; readonly stderr: Readable } => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const pump = async (): Promise<void> => {
    const parser = frameParser();
    for await (const chunk of source as AsyncIterable<Buffer>)
      for (const { number, payload } of parser(chunk)) await write(number === 2 ? stderr : stdout, payload);
  };
  pump().then(
    () => [stdout.end(), stderr.end()],
    (error: Error) => [stdout.destroy(error), stderr.destroy(error)],
  );
  // The promise of the exit code reports a broken connection, so an unread stream needs no listener for errors.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  return { stdout, stderr };
};

/** The payloads of all frames, in order. */
export const joinFrames = (frames: Buffer): string =>
  Buffer.concat(frameParser()(frames).map(({ payload }) => payload)).toString('utf8');

interface Frame {
  readonly number: number;
  readonly payload: Buffer;
}

/** Returns payloads as they arrive, even before their frame is complete. */
const frameParser = (): ((chunk: Buffer) => Frame[]) => {
  let header = Buffer.alloc(0);
  let number = 0;
  let missing = 0;
  return (chunk) => {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        const wanted = 8 - header.length;
        header = Buffer.concat([header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (header.length < 8) break;
        number = header.readUInt8(0);
        missing = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      }
      const payload = rest.subarray(0, missing);
      if (payload.length > 0) frames.push({ number, payload });
      missing -= payload.length;
      rest = rest.subarray(payload.length);
    }
    return frames;
  };
};

const write = async (target: Writable, payload: Buffer): Promise<void> => {
  if (target.destroyed || target.write(payload)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ['drain', 'close', 'error']) target.once(event, resolve);
  await promise;
};

export const readAll = async (source: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of source as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** Reads a stream of JSON lines, the format of pull, build and import. */
export async function* jsonLines(source: Readable): AsyncGenerator<Record<string, unknown>> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as Record<string, unknown>;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as Record<string, unknown>;
}
