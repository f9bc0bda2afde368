import { describe, expect, test } from 'vitest';
import { commandGroups, commonOptions } from '../../../src/host/cli/commands.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';

const entries = Object.entries(messagesIn('en'));

describe('the messages', () => {
  test.each(entries.map(([key]) => key))('"%s" is translated', (key) => {
    const [english, korean] = [messagesIn('en'), messagesIn('ko')].map(
      (say) => Object.entries(say).find(([name]) => name === key)?.[1],
    );
    if (typeof english === 'function' && typeof korean === 'function') expect(korean.length).toBe(english.length);
    expect(korean).toBeDefined();
    if (typeof english === 'string' && /[a-z]{3}/.test(english.replace(/`[^`]*`|labs.*$/gm, '')))
      expect(korean).toMatch(/[가-힣]/);
  });

  test('commands and options have words in both languages', () => {
    for (const { summary, options = [] } of commandGroups.flatMap(({ commands }) => commands))
      for (const words of [summary, ...options.map(({ help }) => help)]) expect(words.ko).toMatch(/[가-힣]/);
    for (const { help } of commonOptions) expect(help.ko).toMatch(/[가-힣]/);
  });
});
