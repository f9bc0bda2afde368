import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { hostBundle } from '../../../scripts/lib/bundles.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { name, bin, files, ...packageJson } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('the package', () => {
  test('has files and a program', () => {
    expect(bin).toEqual({ labs: 'bin/labs.js' });
    for (const folder of ['bin', 'docs', 'image', 'labs', 'schema'])
      expect([folder, files.includes(folder), existsSync(join(root, folder))]).toEqual([folder, true, true]);
  });

  test('is not called labs, because that package of npm is somebody else’s', () => expect(name).not.toBe('labs'));

  test('fetches only Node, because everything else is in the bundles (list packages under devDependencies)', () => {
    expect(packageJson.dependencies ?? {}).toEqual({});
    for (const each of Object.keys(packageJson.optionalDependencies)) expect(each).toMatch(/^node-linux-/);
  });

  test('has bundles that import nothing but Node’s own modules', async () => {
    const { metafile } = await build({ ...hostBundle, metafile: true, write: false });
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const external = imports.filter((each) => each.external).map(({ path }) => path.replace(/^node:/, ''));
    expect(external).toContain('fs');
    const native = ['bufferutil', 'utf-8-validate', 'cpu-features'];
    expect(
      external.filter((path) => !builtinModules.includes(path) && !native.includes(path) && !path.endsWith('.node')),
    ).toEqual([]);
  });

  test('has no link and no empty folder in what it packs, because npm leaves them out', () => {
    const entries = ['image', 'labs', 'schema'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true }),
    );
    expect(entries.length).toBeGreaterThan(30);
    const lost = entries.filter(
      (entry) =>
        !(entry.isFile() || entry.isDirectory()) ||
        (entry.isDirectory() && readdirSync(join(entry.parentPath, entry.name)).length === 0),
    );
    expect(lost.map((entry) => entry.name)).toEqual([]);
  });
});
