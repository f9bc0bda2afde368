import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const path = fileURLToPath(new URL('../../../package-lock.json', import.meta.url));
const text = readFileSync(path, 'utf8');
const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, Locked>> };

/** Where Node would find `name` from `folder`: the nearest node_modules upwards. */
const isLocked = (folder: string, name: string): boolean => {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
};

describe('the lock file', () => {
  test('was found', () => expect(Object.keys(packages).length).toBeGreaterThan(100));

  test('has every dependency, also the dependencies of other platforms, which `npm ci` requires', () => {
    const missing = Object.entries(packages).flatMap(([folder, { dependencies = {}, optionalDependencies = {} }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLocked(folder, name))
        .map((name) => `${folder} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('names no registry', () => expect(text).not.toContain('"resolved"'));
});
