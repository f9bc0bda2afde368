// The first minutes of a new user: a fresh copy of the repository, with the machine's Node and npm.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './cli-support.ts';

const made = ['node_modules', 'dist', 'out', 'coverage', '.git'];

let folder: string;
let environment: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-fresh-'));
  cpSync(root, join(folder, 'labs'), {
    recursive: true,
    filter: (path) => !made.includes(relative(root, path).split('/')[0] ?? ''),
  });
  // As in a new terminal, without the variables of the npm that runs these tests.
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_|^LABS_|^VITEST/i.test(name));
  const path = (process.env.PATH ?? '').split(':').filter((each) => !each.includes('node_modules'));
  environment = {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    PATH: path.join(':'),
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
    // npx keeps links to programs that it ran, and this copy is temporary.
    npm_config_cache: join(folder, 'npm-cache'),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inCopy = (command: string, ...argv: string[]) =>
  execa(command, argv, {
    cwd: join(folder, 'labs'),
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });

describe('a fresh copy', () => {
  test('reports what is missing before `npm ci`', async () => {
    const { exitCode, stderr } = await inCopy('node', 'bin/labs.js', 'list');
    expect(stderr).toContain('npm ci');
    expect(exitCode).toBe(3);
  });

  test('is installed and built by `npm ci`, which brings Node 24 if the machine’s Node is too old', async () => {
    const { exitCode, stderr } = await inCopy('npm', 'ci');
    expect(exitCode, stderr).toBe(0);
    for (const file of ['labs.js', 'fabric.js', 'node/kube-proxy.js', 'node/kube-apiserver.js'])
      expect(existsSync(join(folder, 'labs/dist', file)), file).toBe(true);
  });

  test('runs by `npx labs`, under Node 24', async () => {
    const { exitCode, stdout } = await inCopy('npx', 'labs', '--version');
    expect(exitCode).toBe(0);
    expect(Number(/Node (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(24);
  });

  test.each(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'])(
    'has a %s that runs alone and explains its flags',
    async (component) => {
      const { stdout, stderr } = await inCopy(process.execPath, `dist/node/${component}.js`, '--help');
      expect(`${stdout}${stderr}`).toContain('--');
    },
  );

  test('bundles again after an edit', async () => {
    await inCopy('sed', '-i', "s/'LAB'/'EDITED'/", 'src/host/cli/messages/labs.ts');
    expect((await inCopy('npx', 'labs', 'list')).stdout).toContain('EDITED');
  });
});
