import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLab } from '../../../src/host/lab/load.ts';
import { type Cookbook, readCookbook } from '../../support/cookbook.ts';

let folder: string;
let cookbook: Cookbook;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cookbook-'));
  cookbook = await readCookbook('cookbook');
  for (const [path, text] of Object.entries(cookbook.files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('the cookbook has 20 checks, one in each section', () => {
  expect(cookbook.titles.map((title) => Number.parseInt(title, 10))).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  expect(cookbook.checks).toHaveLength(20);
});

test('all of them are valid together, in one lab', async () => {
  const { diagnostics, lab } = await readLab(folder);
  expect(diagnostics).toEqual([]);
  expect(lab?.tasks[0]?.checks).toHaveLength(20);
});
