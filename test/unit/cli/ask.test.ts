import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { themeIn } from '../../../src/host/cli/ask.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';

test.each([
  ['en', '↑↓ navigate • ⏎ select', 'Answer y or n.'],
  ['ko', '↑↓ 이동 • ⏎ 선택', 'y(예) 또는 n(아니요)으로 답하세요.'],
] as const)('a question in %s names its keys and its answers in that language', (language, keys, yesOrNo) => {
  const { style, keywords } = themeIn(messagesIn(language));
  const shown = style.keysHelpTip([
    ['↑↓', 'navigate'],
    ['⏎', 'select'],
  ]);
  expect(stripVTControlCharacters(shown)).toBe(keys);
  expect(keywords.error()).toBe(yesOrNo);
});
