import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replaceFile } from '../../../src/kit/replace-file.ts';
import { temporaryFor } from '../../../src/kit/temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replace-'));
});
afterEach(() => rm(folder, { recursive: true }));

const dead = (file: string): string => temporaryFor(file).replace(`.${process.pid}.`, '.999999999.');

describe('replacing a file', () => {
  test('leaves nothing else behind after a failure', async () => {
    const file = join(folder, 'state.json');
    await mkdir(file);
    await expect(replaceFile(file, 'new')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  test('removes what dead processes left beside this file, and no other file', async () => {
    const file = join(folder, 'state.json');
    const others = [temporaryFor(file), dead(join(folder, 'other.json')), join(folder, 'state.json.bad')];
    for (const path of [...others, dead(file)]) await writeFile(path, 'old');
    await replaceFile(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    const paths = (await readdir(folder)).map((name) => join(folder, name));
    expect(paths.sort()).toEqual([file, ...others].sort());
  });
});
