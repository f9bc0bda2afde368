import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOf } from '../../../src/host/own-proxy/install.ts';
import { recordOf, writeFiles } from '../../../src/host/own-proxy/node-files.ts';
import { readProgram } from '../../../src/host/own-proxy/program.ts';
import { planSkeleton } from '../../../src/host/own-proxy/skeleton.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-own-proxy-'));
});
afterAll(() => rm(folder, { recursive: true }));

const written = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

describe('reading a proxy', () => {
  test('takes the files that the program imports, and no other', async () => {
    await written('kube.ts', "import { get } from 'node:https';\nexport const run = get;\n");
    await written('other.ts', '');
    const file = await written('my-proxy.ts', "import { run } from './kube.ts';\nrun('');\n");
    const { entry, files } = await readProgram(file);
    expect(entry).toBe('my-proxy.ts');
    expect([...files.keys()].sort()).toEqual(['kube.ts', 'my-proxy.ts']);
  });

  test('keeps the places of files in several folders', async () => {
    const { entry, files } = await readProgram('labs/build-your-own-kube-proxy/solve/proxy/7-hairpin.ts');
    expect(entry).toBe('solve/proxy/7-hairpin.ts');
    expect([...files.keys()].sort()).toEqual(['skeleton/kube.ts', 'solve/proxy/7-hairpin.ts']);
  });

  test.each([
    ['a syntax error', 'const a = 1;\nconst b = ;\n', /:2:11: Expression expected/],
    ['syntax that types alone cannot be removed from', 'enum A { x }\n', /:1:1: TypeScript enum is not supported/],
    ['a name that is declared twice', 'let a = 1;\nlet a = 2;\n', /:2:5: Identifier 'a' has already been declared/],
    ['a package', "import x from 'yaml';\nx();\n", /:1:\d+: the nodes do not have the package yaml/],
    ['a file that is not there', "import { x } from './gone.ts';\nx();\n", /:1:\d+: .*gone\.ts cannot be read/],
  ])('names the place of %s', async (_, source, message) => {
    const file = await written('wrong.ts', source);
    await expect(readProgram(file)).rejects.toThrow(message);
  });

  test('refuses a folder whose name a unit of systemd or the shell would read in another way', async () => {
    await mkdir(join(folder, "it's"), { recursive: true });
    await written("it's/kube.ts", 'export const run = 1;\n');
    const file = await written('quoted.ts', `import { run } from "./it's/kube.ts";\nconsole.log(run);\n`);
    await expect(readProgram(file)).rejects.toThrow(/it's\/kube\.ts: a folder of the program has a name/);
  });

  test('says how to begin if there is no such file', async () => {
    const error = await readProgram(join(folder, 'nothing.ts')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'LAB_PROXY_FILE', exitCode: 2, hint: expect.stringContaining('--skeleton') });
  });
});

describe('the files of a node', () => {
  const program = { entry: 'my-proxy.ts', root: '/x', files: new Map([['my-proxy.ts', "console.log('1');\n"]]) };

  test('the unit is that of kube-proxy, and tells the program its node', () => {
    const script = writeFiles(program, { node: 'node01', podCidr: '10.244.0.0/16' });
    const unit = /kube-proxy\.service' <<< (\S+)/.exec(script)?.[1] ?? '';
    expect(Buffer.from(unit, 'base64').toString()).toContain('Environment=NODE_NAME=node01 POD_CIDR=10.244.0.0/16');
    expect(script).toContain('/etc/systemd/system/labs.target.wants/kube-proxy.service');
  });

  test('every path is below the folder of the program or of units', () => {
    const script = writeFiles(program, { node: 'node01', podCidr: '10.244.0.0/16' });
    const paths = [...script.matchAll(/> '([^']+)'/g)].map(([, path]) => path);
    expect(paths).toHaveLength(3);
    for (const path of paths) expect(path).toMatch(/^(\/usr\/local\/lib\/my-proxy|\/etc\/systemd\/system)\//);
  });

  test('the record has the digest of each file', () => {
    expect(JSON.parse(recordOf(program))).toEqual({
      entry: '/usr/local/lib/my-proxy/my-proxy.ts',
      files: { '/usr/local/lib/my-proxy/my-proxy.ts': expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });
});

describe('the end of a program', () => {
  test('is the error, with the line of the student’s file', () => {
    const log = [
      'Started kube-proxy.service - my-proxy.ts.',
      'file:///usr/local/lib/my-proxy/my-proxy.ts:16',
      'nonsense();',
      '^',
      '',
      'ReferenceError: nonsense is not defined',
      '    at file:///usr/local/lib/my-proxy/my-proxy.ts:16:1',
      '    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)',
      '',
      'Node.js v24.0.0',
      'kube-proxy.service: Main process exited, code=exited, status=1/FAILURE',
    ].join('\n');
    expect(endOf(log)).toBe('my-proxy.ts:16: ReferenceError: nonsense is not defined');
  });

  test('is the last line if there is no error', () => {
    expect(endOf('Started kube-proxy.service.\nno work today\n')).toBe('no work today');
    expect(endOf('')).toBe('it has logged nothing');
  });
});

describe('the skeleton', () => {
  const lab = { name: 'build-your-own-kube-proxy', folder: 'labs/build-your-own-kube-proxy' };

  test('gives the file the name that the student wants, and its neighbours their own', async () => {
    const files = await planSkeleton(lab, join(folder, 'mine', 'p.ts'));
    const names = files.map(({ path }) => path.slice(folder.length));
    expect(names).toEqual(['/mine/kube.ts', '/mine/p.ts', '/mine/tsconfig.json']);
    expect(files.every(({ differs, same }) => !differs && !same)).toBe(true);
  });

  test('knows a file that would be lost', async () => {
    const target = await written('edited.ts', '// my work\n');
    const files = await planSkeleton(lab, target);
    expect(files.find(({ path }) => path === target)).toMatchObject({ differs: true });
  });

  test('is a program that nodes can run', async () => {
    const { files } = await readProgram(`${lab.folder}/skeleton/my-proxy.ts`);
    expect([...files.keys()].sort()).toEqual(['kube.ts', 'my-proxy.ts']);
  });
});
