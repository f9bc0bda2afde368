import { describe, expect, test } from 'vitest';
import { optionsOf } from '../../../src/host/cli/command.ts';
import { commandGroups, commands } from '../../../src/host/cli/commands.ts';
import { messageGroups, messagesIn } from '../../../src/host/cli/messages.ts';

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

  test('groups, commands and options have words in both languages', () => {
    const helps = commands.flatMap((command) => [
      command.summary,
      ...(command.remark ? [command.remark] : []),
      ...(typeof command.json === 'object' ? [command.json] : []),
      ...optionsOf(command).map(({ help }) => help),
    ]);
    for (const words of [...commandGroups.map(({ title }) => title), ...helps]) expect(words.ko).toMatch(/[가-힣]/);
  });

  test('have no English remainders in Korean', () => {
    const helps = commands.flatMap((command) => [command.summary, ...optionsOf(command).map(({ help }) => help)]);
    const texts = Object.values(messagesIn('ko')).map((message) =>
      typeof message === 'function' ? (message as (...gaps: unknown[]) => unknown)('x', 'x', 'x', 'x') : message,
    );
    const shown = JSON.stringify([...texts, ...helps.map(({ ko }) => ko)]);
    expect(shown.match(/.{0,20}\bPods?\b.{0,20}/g)).toBeNull();
  });

  test('have each key once', () => {
    const keys = messageGroups.flatMap((group) => Object.keys(group));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(['en', 'ko'] as const)('name only commands that exist (%s)', (language) => {
    const say = messagesIn(language);
    const texts = Object.values(say).map((message) =>
      typeof message === 'function' ? (message as (...gaps: unknown[]) => string)('list', 'list', 'list') : message,
    );
    const named = [...JSON.stringify(texts).matchAll(/`labs ([a-z]+)/g)].map(([, name]) => name);
    const next = say.next('node01').map(([command]) => command.split(' ')[0]);
    expect(named.length).toBeGreaterThan(10);
    const names = commands.map(({ name }) => name);
    for (const name of [...named, ...next]) expect(names).toContain(name);
  });
});
