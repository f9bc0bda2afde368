import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { hostBundle } from '../../../scripts/lib/bundles.ts';
import { relativeLinks } from './markdown.ts';

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

  test('has what its pages for users and authors link to', () => {
    // npm packs these in any case. The pages for developers are read in a clone.
    const always = ['README.md', 'LICENSE', 'package.json'];
    const forDevelopers = /^docs\/(architecture\.md|kube-proxy\.md|how-to\/(README|add-).*)/;
    const below = (folder: string): readonly string[] =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
    const pages = [...below('docs'), ...below('labs')].filter(
      (path) => path.endsWith('.md') && !forDevelopers.test(path) && !path.includes('node_modules'),
    );
    const packed = [...always, ...(files as readonly string[])];
    const isPacked = (path: string): boolean => packed.some((each) => path === each || path.startsWith(`${each}/`));
    const lost = pages.flatMap((page) =>
      relativeLinks(readFileSync(join(root, page), 'utf8'))
        .map((target) => target.split('#')[0] ?? '')
        .filter((path) => path !== '' && !isPacked(join(dirname(page), path)))
        .map((path) => `${page}: ${path}`),
    );
    expect(pages.length).toBeGreaterThan(15);
    expect(lost).toEqual([]);
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
