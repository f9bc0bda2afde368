// The tutorial for authors in full: the lab that its reader has written proves itself in a cluster.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionsOf, masked, type Reader, readerIn } from '../support/tutorial.ts';
import { root } from './cli-support.ts';

let home: string;
let folder: string;
let reader: Reader;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tutorial-'));
  folder = join(home, 'you');
  reader = await readerIn(folder);
  await reader.write('.keep', '');
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('the lab of the tutorial can be solved and not be cheated, as the tutorial shows', {
  timeout: 400_000,
}, async () => {
  const actions = actionsOf(await readFile(`${root}docs/authoring/tutorial.md`, 'utf8'));
  let tried = 0;
  for (const action of actions) {
    if (action.is === 'write') await reader.write(action.file, action.text);
    else if (action.is === 'edit') await reader.edit(action.file, action.old, action.new);
    else {
      const printed = await reader.type(action.command);
      if (!action.needsCluster) continue;
      tried++;
      expect(masked(printed, folder), action.command).toBe(masked(action.shows, folder));
    }
  }
  expect(tried).toBeGreaterThan(0);
});
