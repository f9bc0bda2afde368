import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(source + name, 'utf8') }));

/** Code without comments; strings stay. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

const using = (pattern: RegExp): string[] =>
  files.filter(({ text }) => pattern.test(codeOf(text))).map(({ name }) => name);

describe('the layout', () => {
  test('is looked at', () => expect(files.length).toBeGreaterThan(50));

  test('ends the process in the entry points only', () => {
    expect(
      using(/process\.exit\(/).filter(
        (name) => !/^(host\/cli\/main|node\/component\/run|fabric\/main)\.ts$/.test(name),
      ),
    ).toEqual([]);
  });

  test('reads the environment on the host in src/host/cli only', () => {
    expect(using(/process\.env\b/).filter((name) => name.startsWith('host/') && !name.startsWith('host/cli/'))).toEqual(
      [],
    );
  });

  test('starts every file with a sentence that says where on the path it sits', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('Node', () => {
  test('is 24 or newer where the tests run', () => {
    expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(24);
  });
});
