import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addToUserFile, removeFromUserFile, userFile, writeOwnFile } from '../../../src/host/kubectl/files.ts';
import type { Access } from '../../../src/host/kubectl/kubeconfig.ts';

const access: Access = {
  ...{ lab: 'x', server: 'https://127.0.0.1:20001', instance: 'i1' },
  ...{ authority: 'Y2E=', certificate: 'Y2VydA==', key: 'a2V5' },
};

let folder: string;
let state: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-kubeconfig-'));
  [state, file] = [join(folder, 'state'), join(folder, 'config')];
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('changes the file that kubectl would change', () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  expect(userFile({ HOME: '/home/me' })).toBe('/home/me/.kube/config');
  expect(userFile({ HOME: '/home/me', KUBECONFIG: '' })).toBe('/home/me/.kube/config');
  expect(userFile({ KUBECONFIG: `${first}:${second}` })).toBe(second);
  writeFileSync(first, '');
  expect(userFile({ KUBECONFIG: `${second}::${first}` })).toBe(first);
});

test('a file with a key is readable by its owner alone, a new one and an old one', async () => {
  await addToUserFile(state, file, access);
  expect(modeOf(file)).toBe(0o600);
  chmodSync(file, 0o644);
  await addToUserFile(state, file, access);
  expect(modeOf(file)).toBe(0o600);
  const own = join(state, 'own.yaml');
  await writeOwnFile(own, access);
  expect(modeOf(own)).toBe(0o600);
});

test('deletion restores the context of before, even if the lab was added twice', async () => {
  writeFileSync(file, 'contexts: [{ name: work, context: { cluster: work } }]\ncurrent-context: work\n');
  await addToUserFile(state, file, access);
  await addToUserFile(state, file, { ...access, instance: 'i2' });
  expect(parse(readFileSync(file, 'utf8'))['current-context']).toBe('labs-x');
  expect(await removeFromUserFile(state, 'x')).toBe(file);
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ 'current-context': 'work', clusters: [], users: [] });
  expect(await removeFromUserFile(state, 'x')).toBeUndefined();
});

test('a lab that moves to another file leaves the first one', async () => {
  const other = join(folder, 'other');
  await addToUserFile(state, file, access);
  await addToUserFile(state, other, access);
  expect(parse(readFileSync(file, 'utf8')).clusters).toEqual([]);
  expect(parse(readFileSync(other, 'utf8')).clusters).toHaveLength(1);
});

test('a link stays a link', async () => {
  const target = join(folder, 'target');
  writeFileSync(target, '');
  symlinkSync(target, file);
  await addToUserFile(state, file, access);
  expect(readFileSync(target, 'utf8')).toContain('labs-x');
  expect(parse(readFileSync(file, 'utf8')).contexts).toHaveLength(1);
});

test('an invalid file stays as it is, without a lock and without a record', async () => {
  writeFileSync(file, 'clusters: {}\n');
  await expect(addToUserFile(state, file, access)).rejects.toMatchObject({ code: 'LAB_KUBECONFIG' });
  expect(readFileSync(file, 'utf8')).toBe('clusters: {}\n');
  expect(existsSync(`${file}.lock`)).toBe(false);
  expect(await removeFromUserFile(state, 'x')).toBeUndefined();
});

test('a file that the user has deleted is no problem for a deletion', async () => {
  await addToUserFile(state, file, access);
  rmSync(file);
  expect(await removeFromUserFile(state, 'x')).toBe(file);
  expect(existsSync(file)).toBe(false);
});

test('two labs at once both arrive', async () => {
  await Promise.all(['a', 'b', 'c'].map((lab) => addToUserFile(state, file, { ...access, lab })));
  expect(parse(readFileSync(file, 'utf8')).contexts).toHaveLength(3);
});
