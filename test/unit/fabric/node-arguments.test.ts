import { expect, test } from 'vitest';
import { argumentsIn } from '../../../src/fabric/node-arguments.ts';

const start = 0x5555_1234_5000;

/** Memory in which libuv has copied these arguments to this offset. */
const memoryWith = (words: readonly string[], offset = 64): Buffer => {
  const memory = Buffer.alloc(4096, 0xcc);
  let text = offset + 8 * (words.length + 1);
  words.forEach((word, index) => {
    memory.writeBigUInt64LE(BigInt(start + text), offset + 8 * index);
    text += memory.write(`${word}\0`, text);
  });
  memory.writeBigUInt64LE(0n, offset + 8 * words.length);
  return memory;
};

test('finds the arguments, also empty ones', () => {
  const words = ['/usr/bin/node', '--max-semi-space-size=2', '/usr/local/lib/labs/kube-proxy.js', '', '-v=4'];
  expect(argumentsIn(memoryWith(words), start)).toEqual(words);
});

test('takes a text that holds its own letters for no argument', () => {
  const memory = memoryWith(['/usr/bin/node', 'x.js'], 640);
  memory.writeBigUInt64LE(BigInt(start + 64 + 16), 64);
  memory.fill(0, 72, 96);
  expect(argumentsIn(memory, start)).toEqual(['/usr/bin/node', 'x.js']);
});

test('finds nothing where the pointers lead elsewhere, or where the memory ends too early', () => {
  const words = ['/usr/bin/node', 'x.js'];
  expect(argumentsIn(memoryWith(words), start + 8)).toBeUndefined();
  expect(argumentsIn(memoryWith(words).subarray(0, 96), start)).toBeUndefined();
  expect(argumentsIn(Buffer.alloc(0), start)).toBeUndefined();
});
