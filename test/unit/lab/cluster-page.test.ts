// The lab with routers in docs/authoring/cluster.md is valid, without a finding of lint; parameters stand in manifests.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer } from 'marked';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLab } from '../../../src/host/lab/load.ts';

const page = fileURLToPath(new URL('../../../docs/authoring/cluster.md', import.meta.url));

let folder: string;
let files: readonly (readonly [file: string, text: string])[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cluster-page-'));
  files = lexer(await readFile(page, 'utf8')).flatMap((token) => {
    const [, file] = (token.type === 'code' && / file=(\S+)$/.exec(String(token.lang ?? ''))) || [];
    return file === undefined ? [] : [[file, `${'text' in token ? token.text : ''}\n`] as const];
  });
  for (const [file, text] of files) write(file, text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
};

test('the lab with routers of the page is valid', async () => {
  expect(files.map(([file]) => file)).toEqual(['lab.yaml', 'solve/back.ts', 'tasks/back.md']);
  const { diagnostics, lab } = await readLab(folder);
  expect(diagnostics).toEqual([]);
  expect(lab?.cluster.machines?.map(({ role }) => role)).toEqual(['host', 'router', 'router']);
});

test('a manifest may use a parameter, and a wrong name is found there', async () => {
  const [, definition = ''] = files[0] ?? [];
  write('lab.yaml', `${definition}params: { port: { from: 1, to: 9 } }\nmanifests: [web.yaml]\n`);
  const param = (name: string): string => `$${'{'}param:${name}}`;
  write('web.yaml', `port: ${param('port')}\n`);
  expect((await readLab(folder)).diagnostics).toEqual([]);
  write('web.yaml', `port: ${param('prot')}\n`);
  expect((await readLab(folder)).diagnostics).toEqual([
    expect.objectContaining({ file: expect.stringMatching(/web\.yaml$/), message: expect.stringContaining('prot') }),
  ]);
});
