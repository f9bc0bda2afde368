import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Action, actionsOf, masked, type Reader, readerIn } from '../../support/tutorial.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let home: string;
let folder: string;
let reader: Reader;
let actions: readonly Action[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tutorial-'));
  folder = join(home, 'you');
  reader = await readerIn(folder);
  await reader.write('.keep', '');
  actions = actionsOf(await readFile(join(root, 'docs/authoring/tutorial.md'), 'utf8'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('the tutorial for authors can be followed in an empty folder, and shows what is printed', async () => {
  expect(actions.length).toBeGreaterThan(20);
  for (const action of actions) {
    if (action.is === 'write') await reader.write(action.file, action.text);
    else if (action.is === 'edit') await reader.edit(action.file, action.old, action.new);
    else if (!action.needsCluster) {
      const printed = await reader.type(action.command);
      expect(masked(printed, folder), action.command).toBe(masked(action.shows, folder));
    }
  }
  const typescript = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await execa(process.execPath, [typescript, '-p', join(folder, 'doors')], { reject: false });
  expect(stdout).toBe('');
});
