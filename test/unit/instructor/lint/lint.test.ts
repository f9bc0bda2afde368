// Seeds one mistake after the other in a good lab: each must be found, with its rule and its line, and nothing else.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintLab } from '../../../../src/host/instructor/lint/lint.ts';
import { ruleTable } from '../../../../src/host/instructor/lint/rule-table.ts';
import { goodLab } from './good-lab.ts';
import { lintFiles as lint } from './lint-files.ts';
import { type Mistake, mistakes } from './mistakes.ts';

const mutate = ({ file, from, to }: Mistake): Readonly<Record<string, string>> => {
  const { [file]: source = '', ...others } = goodLab;
  if (to === undefined) return others;
  if (from === undefined) return { ...goodLab, [file]: to };
  expect(source).toContain(from);
  return { ...goodLab, [file]: source.replace(from, to) };
};

/** The first line that the mistake changes. */
const lineOf = ({ file, from = '', to = '' }: Mistake): number => {
  const before = (goodLab[file] ?? '').split('\n');
  const after = (goodLab[file] ?? '').replace(from, to).split('\n');
  return after.findIndex((line, index) => line !== before[index]) + 1;
};

/** The line in which a text ends. */
const lineWith = (text: string, source = ''): number => {
  expect(source).toContain(text);
  return source.slice(0, source.indexOf(text) + text.length).split('\n').length;
};

test('the good lab has no mistakes', async () => {
  expect(await lint(goodLab)).toEqual([]);
});

test('a manifest that the start applies is no text to translate', async () => {
  const source = goodLab['lab.yaml']?.replace('restore:', 'manifests: [manifests/shop.yaml]\nrestore:');
  expect(await lint({ ...goodLab, 'lab.yaml': source ?? '' })).toEqual([]);
});

test('the labs of this package have no mistakes', async () => {
  const labs = join(import.meta.dirname, '../../../../labs');
  const folders = (await readdir(labs, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  expect(folders.length).toBeGreaterThan(0);
  for (const { name } of folders) expect((await lintLab(join(labs, name))).findings, name).toEqual([]);
});

test('there are at least 60 mistakes', () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(60);
});

test.each(mistakes)('$name is found ($rule)', async (mistake) => {
  const files = mutate(mistake);
  const findings = await lint(files, mistake.loaded);
  const { file = mistake.file, text } = mistake.at ?? {};
  const place = { file, line: text === undefined ? lineOf(mistake) : lineWith(text, files[file]) };
  const found = findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`);
  expect(found).toContain(`${mistake.rule} ${place.file}:${place.line}`);
});

describe('the rules', () => {
  test('are each broken by a mistake', () => {
    const untested = Object.keys(ruleTable).filter((id) => !mistakes.some(({ rule }) => rule === id));
    expect(untested).toEqual([]);
  });

  test('are all explained in docs/lint.md, with their severity', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../../docs/lint.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map(([, id, severity]) => [id, severity]);
    expect(rows).toEqual(Object.entries(ruleTable).map(([id, { severity }]) => [id, severity]));
  });
});

test('a manifest with parameters is judged with their values', async () => {
  const param = (name: string): string => `$${'{'}param:${name}}`;
  const { 'lab.yaml': definition = '' } = goodLab;
  const findings = await lint({
    ...goodLab,
    'lab.yaml': definition.replace('params:\n', 'params:\n  drawn: { from: 30100, to: 30999 }\n'),
    'manifests/drawn.yaml': `apiVersion: v1
kind: Service
metadata: { name: drawn }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: ${param('drawn')} }] }
`,
  });
  expect(findings.filter(({ rule }) => rule.startsWith('manifest'))).toEqual([]);
});
