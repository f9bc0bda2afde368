import { expect, test } from 'vitest';
import { printable, printableData, printableLine } from '../../../src/kit/printable.ts';

test.each([
  ['plain 한글 ✔ é', 'plain 한글 ✔ é'],
  ['a\nb\tc  d', 'a b c d'],
  ['\u001b[31mred\u0007', '\\x1b[31mred\\x07'],
  ['\u009b2J', '\\x9b2J'],
  ['abc\u202edcba\u200b', 'abc\\u202edcba\\u200b'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));

test.each([
  ['\u001b[1;31mred\u001b[0m\tx', '\u001b[1;31mred\u001b[0m\tx'],
  ['\u001b]0;title\u0007\u001b[2J\u009b0m', '\\x1b]0;title\\x07\\x1b[2J\\x9b0m'],
  ['a\rb', 'a\\x0db'],
])('the line %j of a log is shown as %j', (line, shown) => expect(printableLine(line)).toBe(shown));

test('data keep their form, and all of their texts become printable', () => {
  const made = new Date(0);
  const data = { links: [{ name: 'a\x1b[31mb', index: 1, up: undefined }], made };
  expect(printableData(data)).toEqual({ links: [{ name: String.raw`a\x1b[31mb`, index: 1, up: undefined }], made });
});
