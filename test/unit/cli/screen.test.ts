// Renders every text that a student reads at 80 columns: tasks, hints, debriefs, terms and messages, in both languages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters, styleText } from 'node:util';
import { lexer, type Token, walkTokens } from 'marked';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { languages } from '../../../src/api/lab.ts';
import { commandForms } from '../../../src/host/cli/command-form.ts';
import { commands } from '../../../src/host/cli/commands.ts';
import { reportFailure } from '../../../src/host/cli/failure.ts';
import { renderMarkdown } from '../../../src/host/cli/markdown.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { parseCommandLine } from '../../../src/host/cli/program.ts';
import { readGlossary } from '../../../src/host/lab/glossary.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { LabError } from '../../../src/kit/error.ts';
import { fakeOutput } from './fake-output.ts';

const labs = fileURLToPath(new URL('../../../labs/', import.meta.url));
const folder = join(labs, 'service-networking');
const printed = commandForms(commands, 'npx labs');

const lab = await loadLab(folder);
const glossary = await readGlossary([join(labs, 'glossary.yaml')]);
const files = readdirSync(join(folder, 'tasks')).filter((name) => name.endsWith('.md'));
const texts: readonly (readonly [string, string])[] = [
  ...files.map((name) => [name, readFileSync(join(folder, 'tasks', name), 'utf8')] as const),
  ...lab.tasks.flatMap(({ id, hints }) =>
    hints.flatMap(({ text: hint }, index) =>
      languages.map((language) => [`${id}, hint ${index + 1} (${language})`, hint[language] ?? ''] as const),
    ),
  ),
  ...glossary.flatMap(({ term, text }) =>
    languages.map((language) => [`${term.en} (${language})`, text[language]] as const),
  ),
];

const styles = [
  { colored: false, paint: (_style: unknown, text: string) => text },
  {
    colored: true,
    paint: (style: unknown, text: string) => styleText(style as 'bold', text, { validateStream: false }),
  },
];

/** All commands of a text: the lines of its blocks, and the code in its sentences. */
const commandsOf = (source: string): { readonly lines: readonly string[]; readonly spans: readonly string[] } => {
  const lines: string[] = [];
  const spans: string[] = [];
  walkTokens(lexer(source), (token: Token) => {
    if (token.type === 'code') lines.push(...token.text.trimEnd().split('\n'));
    if (token.type === 'codespan') spans.push(token.text);
  });
  return { lines, spans };
};

/** `labs` before a command, without npx. */
const bare = new RegExp(`(?<![\\w./-]|npx )labs (?:${commands.map(({ name }) => name).join('|')})\\b`);

describe('on a screen of 80 columns', () => {
  test('the texts were found', () => {
    expect(files.length).toBeGreaterThanOrEqual(30);
    expect(glossary.length).toBeGreaterThanOrEqual(5);
  });

  test.each(texts)('%s shows every command whole, and code flush left', (_name, source) => {
    const { lines, spans } = commandsOf(source);
    for (const style of styles) {
      const screen = stripVTControlCharacters(renderMarkdown(source, { width: 80, ...style })).split('\n');
      for (const line of lines) {
        const [command = ''] = line.split(/\s+# /);
        expect(
          screen.filter((row) => row === command || row.startsWith(command)),
          command,
        ).not.toEqual([]);
      }
      for (const span of spans)
        expect(
          screen.filter((row) => row.includes(span)),
          span,
        ).not.toEqual([]);
      for (const row of screen) expect(stringWidth(row), row).toBeLessThanOrEqual(80);
    }
  });

  test.each(texts)('%s names commands for npx, with and without colours', (_name, source) => {
    for (const style of styles)
      expect(stripVTControlCharacters(renderMarkdown(source, { width: 80, ...style, printed }))).not.toMatch(bare);
  });
});

describe('the messages', () => {
  const gaps = ['first', 'second', 'third', 'fourth'];
  /** Every text of the messages, with words in its gaps. */
  const textsOf = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value === 'function') return textsOf(value(...gaps));
    return typeof value === 'object' && value !== null && !(value instanceof RegExp)
      ? Object.values(value).flatMap(textsOf)
      : [];
  };

  test.each(languages)('name commands for npx (%s)', (language) => {
    const all = textsOf(messagesIn(language, printed));
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter((text) => bare.test(text))).toEqual([]);
    expect(all.filter((text) => text.includes('npx labs')).length).toBeGreaterThan(5);
  });

  test.each(languages)('break no command when an error is printed (%s)', (language) => {
    for (const hint of textsOf(messagesIn(language, printed))) {
      const { output, notes } = fakeOutput({ terminal: true, printed });
      const style = { json: false, debug: false, interrupted: false };
      reportFailure(new LabError('LAB_X', 'x', { hint }), output, style, messagesIn(language));
      const rows = notes.join('\n').split('\n');
      for (const [span] of hint.matchAll(/`[^`\n]+`/g))
        expect(
          rows.filter((row) => row.includes(span)),
          hint,
        ).not.toEqual([]);
    }
  });

  test.each(languages)('of the help fit into 80 columns, also for npx (%s)', (language) => {
    for (const words of [[], ...commands.filter(({ foreign }) => !foreign).map(({ name }) => [name])]) {
      let help = '';
      const write = (text: string): void => {
        help += printed(text);
      };
      parseCommandLine([...words, '--help'], { language, version: '1', width: 80, write, printed });
      for (const row of help.split('\n')) expect(stringWidth(row), row).toBeLessThanOrEqual(80);
      expect(help).not.toMatch(bare);
    }
  });
});
