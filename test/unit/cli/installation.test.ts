import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInstallation, removeCommand, upgradeCommands } from '../../../src/host/cli/installation.ts';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'labs-installation-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package with its program. @returns its folder */
const install = (...path: string[]): string => {
  const root = join(folder, ...path);
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin', 'labs.js'), '');
  return root;
};

test('a clone is upgraded by git and deleted by hand', () => {
  const root = install("mina's clone");
  mkdirSync(join(root, 'src'));
  const installation = findInstallation(root);
  expect(installation).toEqual({ kind: 'clone', folder: root, writable: true });
  expect(upgradeCommands(installation)).toEqual([`cd '${folder}/mina'\\''s clone'`, 'git pull', 'npm ci']);
  expect(removeCommand(installation)).toBeUndefined();
});

test('a global package is upgraded below the same prefix', () => {
  const root = install('prefix', 'lib', 'node_modules', 'kube-network-labs');
  const prefix = join(folder, 'prefix');
  mkdirSync(join(prefix, 'bin'));
  symlinkSync('../lib/node_modules/kube-network-labs/bin/labs.js', join(prefix, 'bin', 'labs'));
  const installation = findInstallation(root);
  expect(installation).toEqual({ kind: 'global', folder: prefix, writable: true });
  expect(upgradeCommands(installation, prefix)).toEqual(['npm install -g ./kube-network-labs-*.tgz']);
  expect(upgradeCommands(installation, '/usr')).toEqual([
    `npm install -g --prefix ${prefix} ./kube-network-labs-*.tgz`,
  ]);
  expect(removeCommand(installation, prefix)).toBe('npm uninstall -g kube-network-labs');
  expect(removeCommand({ ...installation, writable: false }, prefix)).toBe('sudo npm uninstall -g kube-network-labs');
});

test('a package of a project is upgraded in the project', () => {
  const installation = findInstallation(install('project', 'node_modules', 'kube-network-labs'));
  const project = join(folder, 'project');
  expect(installation).toMatchObject({ kind: 'local', folder: project });
  expect(upgradeCommands(installation)).toEqual([`npm install --prefix ${project} ./kube-network-labs-*.tgz`]);
  expect(removeCommand(installation)).toBe(`npm uninstall --prefix ${project} kube-network-labs`);
});

test('a package in the cache of npx is removed from there', () => {
  const installation = findInstallation(install('_npx', '1a2b', 'node_modules', 'kube-network-labs'));
  expect(installation.kind).toBe('npx');
  expect(removeCommand(installation)).toBe(`rm -r ${join(folder, '_npx', '1a2b')}`);
});
