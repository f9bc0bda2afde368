import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demultiplex, joinFrames, jsonLines, readAll } from '../../../src/host/docker/streams.ts';

const frame = (number: number, text: string): Buffer => {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(number, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
};

describe('Docker’s streams', () => {
  test('separates standard output and error, wherever the network splits the frames', async () => {
    const frames = fc.array(fc.record({ number: fc.constantFrom(1, 2), text: fc.string({ unit: 'grapheme' }) }));
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 40 }), async (sent, size) => {
        const bytes = Buffer.concat(sent.map(({ number, text }) => frame(number, text)));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const { stdout, stderr } = demultiplex(Readable.from(chunks));
        const textOf = (wanted: number) =>
          sent.flatMap(({ number, text }) => (number === wanted ? [text] : [])).join('');
        expect(await Promise.all([readAll(stdout), readAll(stderr)])).toEqual([textOf(1), textOf(2)]);
      }),
    );
  });

  test('a reader that ignores one stream still sees the end of the connection', async () => {
    const { stdout, stderr } = demultiplex(Readable.from([frame(1, 'out'), frame(2, 'err')]));
    stderr.destroy();
    expect(await readAll(stdout)).toBe('out');
  });

  test('a log’s frames keep their order', () => {
    expect(joinFrames(Buffer.concat([frame(2, 'a'), frame(1, 'b'), frame(2, 'c')]))).toBe('abc');
  });

  test('progress is read line by line, even if a chunk ends inside of a character', async () => {
    const bytes = Buffer.from('{"stream":"é"}\r\n\n{"error":"x"}');
    const lines = [];
    for await (const line of jsonLines(Readable.from([bytes.subarray(0, 12), bytes.subarray(12)]))) lines.push(line);
    expect(lines).toEqual([{ stream: 'é' }, { error: 'x' }]);
  });
});
