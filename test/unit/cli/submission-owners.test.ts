import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { disown, lockIn, own, removeKilled, wasKilled } from '../../../src/host/cli/submission-owners.ts';
import { withFileLock } from '../../../src/kit/file-lock.ts';

let folder: string;
let removed: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'owners-'));
  removed = [];
});
afterEach(() => rm(folder, { recursive: true }));

const remove = async (name: string) => void removed.push(name);
const deadPid = (): number => spawnSync('true').pid;

/** As `kill -9` leaves it behind. */
const killed = async (name: string, change: object = {}): Promise<void> => {
  await own(folder, name);
  const file = join(folder, `${name}.owner`);
  const owner = { ...JSON.parse(await readFile(file, 'utf8')), pid: deadPid(), ...change };
  await writeFile(file, JSON.stringify(owner));
  await writeFile(lockIn(folder, name), String(owner.pid));
};

test('what a killed run left behind is removed once by the next run of any submission', async () => {
  await killed('sub-one');
  await killed('sub-two');
  expect(await wasKilled(folder, 'sub-one')).toBe(true);
  await Promise.all(['sub-mine', 'sub-other'].map((mine) => removeKilled(folder, mine, remove)));
  expect(removed.sort()).toEqual(['sub-one', 'sub-two']);
  expect(await readdir(folder)).toEqual([]);
});

test('a run that goes on, one of another host or container, and the own cluster stay', async () => {
  await own(folder, 'sub-live');
  await killed('sub-elsewhere', { host: 'another' });
  await killed('sub-container', { namespace: 'pid:[1]' });
  await killed('sub-mine');
  await writeFile(join(folder, 'sub-damaged.owner'), '{');
  await removeKilled(folder, 'sub-mine', remove);
  expect(removed).toEqual([]);
});

test('a submission that is graded again at this moment is left alone', async () => {
  await killed('sub-again');
  await withFileLock(lockIn(folder, 'sub-again'), () => removeKilled(folder, 'sub-mine', remove));
  expect(removed).toEqual([]);
});

test('a run that has deleted its cluster leaves nothing to remove', async () => {
  await own(folder, 'sub-one');
  await disown(folder, 'sub-one');
  expect(await readdir(folder)).toEqual([]);
  await removeKilled(join(folder, 'missing'), 'sub-mine', remove);
});
