// Reads every text that a student of the built-in labs reads: tasks, debriefs, hints, terms, titles and questions.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lexer, type Token, type Tokens } from 'marked';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LabDefinition, type Localized, localize } from '../../../src/api/lab.ts';
import { kubernetesVersion } from '../../../src/api/version.ts';
import { isQuestion } from '../../../src/host/grade/checks/answer.ts';
import { fenceWords } from '../../../src/host/lab/fences.ts';
import { findEntries, type Glossary, readGlossary } from '../../../src/host/lab/glossary.ts';
import { loadLab } from '../../../src/host/lab/load.ts';

const folder = join(import.meta.dirname, '../../../labs/service-networking');

interface Text {
  readonly name: string;
  readonly en: string;
  readonly ko: string;
}

let lab: LabDefinition;
let glossary: Glossary;
/** Texts with blocks of commands: tasks, debriefs and hints. */
let pages: readonly Text[];
/** Single sentences: titles, questions, choices and hints of checks. */
let sentences: readonly Text[];

beforeAll(async () => {
  lab = await loadLab(folder);
  const files = (await readdir(join(folder, 'tasks'))).filter((file) => !file.endsWith('.ko.md'));
  const read = (file: string): Promise<string> => readFile(join(folder, 'tasks', file), 'utf8');
  const written = await Promise.all(
    files.map(async (file) => ({ name: file, en: await read(file), ko: await read(file.replace(/md$/, 'ko.md')) })),
  );
  const hints = lab.tasks.flatMap(({ id, hints }) =>
    hints.map(({ text: hint }, index) => both(`${id}, hint ${index + 1}`, hint)),
  );
  glossary = await readGlossary([join(folder, '../glossary.yaml')]);
  pages = [...written, ...hints, ...glossary.map(({ term, text }) => ({ name: `the term ${term.en}`, ...text }))];
  sentences = lab.tasks.flatMap(({ id, title, checks }) => [
    both(id, title),
    ...checks.flatMap((check) => [
      both(`${id}/${check.id}`, check.title),
      ...(check.hint ? [both(`${id}/${check.id}, hint`, check.hint)] : []),
      ...(isQuestion(check) ? [check.question, ...check.choices.map(({ text }) => text)] : []).map((text) =>
        both(`${id}/${check.id}, question`, text),
      ),
    ]),
  ]);
  expect(written.length).toBeGreaterThanOrEqual(lab.tasks.length);
  expect(hints.length).toBeGreaterThanOrEqual(lab.tasks.length);
});

const both = (name: string, text: Localized): Text => ({ name, en: localize(text, 'en'), ko: localize(text, 'ko') });

const tokensOf = (tokens: readonly Token[]): readonly Token[] =>
  tokens.flatMap((token) => [
    token,
    ...tokensOf(('tokens' in token && token.tokens) || []),
    ...(token.type === 'list' ? tokensOf((token as Tokens.List).items) : []),
  ]);

const blocksOf = (text: string): readonly Tokens.Code[] =>
  tokensOf(lexer(text)).filter((token): token is Tokens.Code => token.type === 'code');

const spansOf = (text: string): readonly string[] =>
  tokensOf(lexer(text)).flatMap((token) => (token.type === 'codespan' ? [(token as Tokens.Codespan).text] : []));

/** The text without blocks, quoted code and bold names. */
const proseOf = (text: string): string =>
  text
    .replace(/```[\s\S]*?```/g, '')
    .replace(/`[^`]*`/g, '')
    .replace(/\*[^*]*\*/g, '');

describe('commands', () => {
  test('stand in blocks that name the machine where they run', () => {
    const places = [
      'host',
      ...lab.cluster.nodes.map(({ name }) => name),
      ...lab.cluster.clients.map(({ name }) => name),
    ];
    const blocks = pages.flatMap(({ name, en, ko }) => [en, ko].flatMap(blocksOf).map(({ lang }) => ({ name, lang })));
    expect(blocks.length).toBeGreaterThan(100);
    for (const { name, lang = '' } of blocks) expect(places, name).toContain(fenceWords(lang).place);
  });

  test('fit in 80 columns and have no gaps to fill', () => {
    for (const { name, en, ko } of pages) {
      for (const line of [en, ko].flatMap(blocksOf).flatMap(({ text }) => text.split('\n'))) {
        expect(stringWidth(line), `${name}: ${line}`).toBeLessThanOrEqual(80);
        expect(line, name).not.toMatch(/…|\b[A-Z]{2,}_[A-Z_]+\b|NNN|<[a-z]+>/);
      }
    }
  });

  test('are not inside a sentence, where they would wrap', () => {
    const programs = /^(labs|kubectl|ip|iptables\S*|nc|ps|ss|sed|curl|grep|dig|time|timeout|tcpdump|systemctl) /;
    for (const { name, en, ko } of pages) {
      const commands = [en, ko].flatMap(spansOf).filter((span) => programs.test(span));
      for (const span of commands) expect(span.length, `${name}: ${span}`).toBeLessThanOrEqual(27);
    }
  });

  test('are the same in English and Korean', () => {
    const commands = (text: string) => blocksOf(text).map(({ lang, text: code }) => ({ lang, code }));
    for (const { name, en, ko } of pages) expect(commands(ko), name).toEqual(commands(en));
  });
});

describe('the Korean texts', () => {
  test('exist for every English text', () => {
    for (const { name, ko } of pages) expect(ko, name).toMatch(/[가-힣]/);
  });

  test('have no English remainders', () => {
    const remainders = /\b(pods?|endpoints?|selector|manifest|overlay|verbosity|proxier|bridge|label|server|plugin)\b/i;
    const terms = glossary.map(({ term, short }) => both(term.en, { en: short.en, ko: `${term.ko}: ${short.ko}` }));
    for (const { name, ko } of [...pages, ...sentences, ...terms]) expect(proseOf(ko), name).not.toMatch(remainders);
  });
});

describe('questions', () => {
  test('with choices have at least three, and the right one is not the only long one', () => {
    const chosen = lab.tasks
      .flatMap(({ checks }) => checks.filter(isQuestion))
      .filter(({ choices }) => choices.length > 0);
    expect(chosen.length).toBeGreaterThan(4);
    for (const question of chosen) {
      const { id, choices } = question;
      const equals = String('equals' in question ? question.equals : '');
      expect(choices.length, id).toBeGreaterThanOrEqual(3);
      for (const language of ['en', 'ko'] as const) {
        const widths = (right: boolean) =>
          choices
            .filter((choice) => (equals === choice.id) === right)
            .map(({ text }) => stringWidth(localize(text, language)));
        const [right] = widths(true);
        expect(right, `${id} (${language})`).toBeLessThanOrEqual(1.2 * Math.max(...widths(false)));
      }
    }
  });
});

test('the titles of a task with a fault name no component that may be the cause', () => {
  const faults = lab.tasks.filter(({ setup }) => setup !== undefined);
  expect(faults).toHaveLength(3);
  for (const { title, checks } of faults) {
    for (const text of [title, ...checks.map((check) => check.title)]) {
      const { en, ko } = both('', text);
      expect(`${en} ${ko}`).not.toMatch(/kube-proxy|selector|rule|endpoint|label|셀렉터|규칙|엔드포인트|레이블/i);
    }
  }
});

test('every task has a debrief in English and Korean', () => {
  for (const { id, debrief } of lab.tasks) {
    expect(debrief?.en, id).toContain(`${id}.debrief.md`);
    expect(debrief?.ko, id).toContain(`${id}.debrief.ko.md`);
  }
});

describe('the glossary', () => {
  test('has the terms that students meet on the screen', () => {
    const terms = glossary.flatMap(({ term, also }) => [term.en, ...also]);
    const met = [
      'KUBE-MARK-MASQ',
      'KUBE-EXT',
      'KUBE-SEP',
      'conntrack',
      'REJECT',
      'timeout',
      'kube-dns',
      'podnet',
      'fabric',
      'kind',
      'component',
      'unit',
      'hairpin',
      'manifest',
      'NetworkPolicy',
    ];
    expect(terms).toEqual(expect.arrayContaining(met));
  });

  test('explains each term that a task or a debrief introduces in bold', () => {
    const stressed = /^(every|before|new|changed|and|Predict|times out|not a protection|db|blue|orange|green)$|\./;
    const introduced = pages
      .filter(({ name }) => name.endsWith('.md'))
      .flatMap(({ en }) => [...en.matchAll(/\*\*([^*]+)\*\*/g)].map(([, word = '']) => word))
      .filter((word) => !stressed.test(word));
    expect(introduced.length).toBeGreaterThan(10);
    for (const word of introduced) expect(findEntries(glossary, word), word).not.toEqual([]);
  });

  test('has no word that means two terms', () => {
    const words = glossary.flatMap(({ term, also }) => [
      ...new Set([term.en, term.ko, ...also].map((word) => word.toLowerCase())),
    ]);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  });

  test('lists every term on one line of 80 columns', () => {
    for (const language of ['en', 'ko'] as const) {
      const width = Math.max(...glossary.map(({ term }) => stringWidth(term[language])));
      for (const { term, short } of glossary) {
        expect(width + 2 + stringWidth(short[language]), term[language]).toBeLessThanOrEqual(80);
      }
    }
  });
});

test.each(['first-look.md', 'the term kubelet'])(
  '%s says which version is shown, and that it is no original',
  (name) => {
    const page = pages.find((each) => each.name === name);
    for (const text of [page?.en, page?.ko]) expect(text?.match(/v\d+\.\d+\.\d+/g)).toEqual([kubernetesVersion]);
    expect(page?.en).toMatch(/\bnot the original/);
    expect(page?.ko).toMatch(/원본이 아니/);
  },
);
