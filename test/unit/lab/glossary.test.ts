import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEntries, type Glossary, nearestTerm, readGlossary } from '../../../src/host/lab/glossary.ts';

const labs = fileURLToPath(new URL('../../../labs/', import.meta.url));

let folder: string;
let glossary: Glossary;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labs-glossary-'));
  glossary = await readGlossary([join(labs, 'glossary.yaml')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const termsFor = (word: string): readonly string[] => findEntries(glossary, word).map(({ term }) => term.en);

describe('the glossary', () => {
  test.each([
    ['KUBE-MARK-MASQ', 'KUBE-MARK-MASQ'],
    ['kube-mark-masq', 'KUBE-MARK-MASQ'],
    ['veth pairs', 'veth pair'],
    ['브리지', 'bridge'],
    ['cni0', 'bridge'],
    ['connection tracking', 'conntrack'],
  ])('finds "%s"', (word, term) => expect(termsFor(word)).toEqual([term]));

  test('offers all terms that hold the word, if no term is the word itself', () => {
    expect(termsFor('masq')).toEqual(['KUBE-MARK-MASQ']);
    expect(termsFor('nothing of the kind')).toEqual([]);
    expect(nearestTerm(glossary, 'contrack', 'en')).toBe('conntrack');
  });

  test('refers only to terms that exist, once each', async () => {
    const folders = readdirSync(labs, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const all = await readGlossary(
      ['', ...folders.map(({ name }) => name)].map((lab) => join(labs, lab, 'glossary.yaml')),
    );
    expect(all.length).toBeGreaterThanOrEqual(5);
    for (const { see, term } of all)
      for (const word of see) expect(findEntries(all, word), `${term.en}: see ${word}`).toHaveLength(1);
  });

  test('takes terms from a lab, which replace terms of the same name', async () => {
    const file = written(
      'lab.yaml',
      '- { term: Bridge, short: mine, text: Mine. }\n- { term: x, short: y, text: z }\n',
    );
    const all = await readGlossary([join(labs, 'glossary.yaml'), file, join(folder, 'missing.yaml')]);
    expect(findEntries(all, 'bridge')).toMatchObject([{ text: { en: 'Mine.' } }]);
    expect(findEntries(all, 'x').length).toBe(1);
  });

  test('refuses a file with an error, and names the file and the field', async () => {
    const file = written('bad.yaml', '- { term: x, short: y, text: { en: z } }\n');
    await expect(readGlossary([file])).rejects.toMatchObject({
      code: 'LAB_GLOSSARY_INVALID',
      message: expect.stringMatching(/bad\.yaml.*0\.text/),
    });
  });
});
