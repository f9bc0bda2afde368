// The bundle of labs measures texts with scripts/lib/string-width.ts in place of the package string-width.
import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import quickWidth from '../../../scripts/lib/string-width.ts';

test('every character has the width that string-width gives it', () => {
  const wrong = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => quickWidth(character) !== stringWidth(character),
  );
  expect(wrong).toEqual([]);
});

test('a text has the width that string-width gives it, also with colours, emoji and letters of several parts', () => {
  const parts = [
    'a',
    ' ',
    '–',
    '✔',
    '◐',
    '│',
    '한',
    '각',
    'ㄱ',
    'ᄀ',
    'ᅡ',
    'ᆨ',
    'é',
    '\u0301',
    '\ufe0f',
    '\u20e3',
    '1',
    '👍',
    '❤',
    '\u200d',
  ];
  const colors = ['\u001b[32m', '\u001b[1;39m', '\u001b]8;;x\u0007', '\n', '\t'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts, ...colors), { maxLength: 12 }), (words) => {
      const text = words.join('');
      expect(quickWidth(text)).toBe(stringWidth(text));
    }),
    { examples: [[['한', 'ᆨ']], [['가', 'ᆨ']], [['1', '\ufe0f', '\u20e3']], [['\u001b[32m', '✔', '\u001b[39m']]] },
  );
});
