import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRegularFile } from '../../../src/kit/read-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('reading a file of the user', () => {
  test('refuses a pipe, a folder and a device at once', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const path of [join(folder, 'pipe'), folder, '/dev/zero'])
      await expect(readRegularFile(path), path).rejects.toThrow('it is not a regular file');
  });

  test('reads a regular file, and names a missing one', async () => {
    writeFileSync(join(folder, 'text'), '값');
    expect(await readRegularFile(join(folder, 'text'))).toBe('값');
    await expect(readRegularFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
