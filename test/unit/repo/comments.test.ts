import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folders = ['src', 'test', 'scripts', 'labs', 'image', 'bin', 'deploy'];
const longest = 120;

const files = execFileSync('git', ['ls-files', ...folders], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((name) => /\.(ts|mjs|cjs|js|sh|pl|yaml)$|Dockerfile$/.test(name) && !name.startsWith('test/fixtures/'));

const isComment = (line: string): boolean => /^\s*(\/\/|\/?\*|#)/.test(line);

test('comment lines have at most 120 columns', () => {
  expect(files.length).toBeGreaterThan(50);
  const tooLong = files.flatMap((name) =>
    readFileSync(join(root, name), 'utf8')
      .split('\n')
      .flatMap((line, index) => (isComment(line) && line.length > longest ? [`${name}:${index + 1}`] : [])),
  );
  expect(tooLong).toEqual([]);
});
