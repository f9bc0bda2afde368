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

describe('the source code', () => {
  test('was found', () => expect(files.length).toBeGreaterThan(50));

  test('ends the process only in the entry points', () => {
    expect(
      using(/process\.exit\(/).filter(
        (name) => !/^(host\/cli\/main|node\/component\/run|fabric\/main|host\/script\/child)\.ts$/.test(name),
      ),
    ).toEqual([]);
  });

  test('reads the environment of the host only in src/host/cli', () => {
    expect(using(/process\.env\b/).filter((name) => name.startsWith('host/') && !name.startsWith('host/cli/'))).toEqual(
      [],
    );
  });

  test('has a comment at the start of every file', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('Node', () => {
  test('is 24 or newer where the tests run', () => {
    expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(24);
  });
});
