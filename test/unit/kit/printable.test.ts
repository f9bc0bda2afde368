import { expect, test } from 'vitest';
import { printable } from '../../../src/kit/printable.ts';

test.each([
  ['plain 한글 ✔ é', 'plain 한글 ✔ é'],
  ['a\nb\tc  d', 'a b c d'],
  ['\u001b[31mred\u0007', '\\x1b[31mred\\x07'],
  ['\u009b2J', '\\x9b2J'],
  ['abc\u202edcba\u200b', 'abc\\u202edcba\\u200b'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));
