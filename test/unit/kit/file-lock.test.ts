import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withFileLock } from '../../../src/kit/file-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

const file = () => join(folder, 'state.lock');

describe('a file lock', () => {
  test('lets one holder work at a time and leaves no files behind', async () => {
    let atOnce = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 1));
      atOnce -= 1;
    };
    await Promise.all(Array.from({ length: 25 }, () => withFileLock(file(), work)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is released when the work fails', async () => {
    await expect(withFileLock(file(), () => Promise.reject(new Error('half-way')))).rejects.toThrow('half-way');
    expect(await withFileLock(file(), async () => 'free')).toBe('free');
  });

  test('is taken over from a dead process', async () => {
    await writeFile(file(), '999999999');
    expect(await withFileLock(file(), async () => 'taken')).toBe('taken');
  });

  test('names its owner when the time is up', async () => {
    await writeFile(file(), String(process.pid));
    const waiting = withFileLock(file(), async () => 'never', { timeoutMs: 30 });
    await expect(waiting).rejects.toMatchObject({
      code: 'LAB_TIMEOUT',
      message: expect.stringContaining(`held by process ${process.pid}`),
    });
  });
});
