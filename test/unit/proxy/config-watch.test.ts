// All ways in which a configuration file changes on a real node.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { configChanged } from '../../../src/node/proxy/config/watch.ts';

let folder: string;
let stop: AbortController;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  stop = new AbortController();
  said = [];
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true });
});

const follow = (path: string, text: string): Promise<never> => {
  const log = {
    info() {},
    warning: (message: string) => void said.push(message),
    error: (message: string) => void said.push(message),
    enabled: () => false,
  };
  const validate = (now: string): void => {
    if (now.includes('wrong')) throw new Error('wrong');
  };
  return configChanged({ path, text, validate, log, signal: stop.signal });
};
const changed = /was changed; a restart puts it to use/;

test('notices a file that is edited or replaced', async () => {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, 'old');
  const first = follow(path, 'old');
  writeFileSync(path, 'new');
  await expect(first).rejects.toThrow(changed);
  const second = follow(path, 'new');
  writeFileSync(join(folder, '.config.yaml.swp'), 'newer');
  renameSync(join(folder, '.config.yaml.swp'), path);
  await expect(second).rejects.toThrow(changed);
});

test('notices a change of a mounted ConfigMap, whose files are symbolic links', async () => {
  const put = (version: string): void => {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'config.yaml'), version);
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  put('v1');
  symlinkSync('..data/config.yaml', join(folder, 'config.yaml'));
  const watching = follow(join(folder, 'config.yaml'), 'v1');
  put('v2');
  await expect(watching).rejects.toThrow(changed);
});

test('ignores a deleted file until there is a new one', async () => {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, 'old');
  const watching = follow(path, 'old');
  rmSync(path);
  await vi.waitUntil(() => said.length > 0, { timeout: 5000 });
  expect(said).toEqual(['The configuration file is gone; keeping the present configuration']);
  writeFileSync(path, 'new');
  await expect(watching).rejects.toThrow(changed);
});

test('logs an invalid file, and uses it after it is corrected', async () => {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, 'old');
  const watching = follow(path, 'old');
  writeFileSync(path, 'wrong');
  await vi.waitUntil(() => said.length > 0, { timeout: 5000 });
  expect(said[0]).toMatch(/cannot be used/);
  writeFileSync(path, 'right');
  await expect(watching).rejects.toThrow(changed);
});
