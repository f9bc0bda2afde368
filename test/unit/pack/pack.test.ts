// Real files, real archives, a real web server and a real git repository.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pack as tarPack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLab } from '../../../src/host/lab/load.ts';
import { studentEdition, wholeEdition } from '../../../src/host/pack/edition.ts';
import { fetchLab } from '../../../src/host/pack/fetch.ts';
import { install, installedLabs, originOf, trust, uninstall } from '../../../src/host/pack/installed.ts';
import { readPack, writePack } from '../../../src/host/pack/pack.ts';

const definition = `apiVersion: labs/v1
name: tiny
title: Tiny
summary: Tiny
version: 1.2.0
cluster: { nodes: [{ name: controlplane, role: control-plane }] }
tasks:
  - id: web
    title: Web
    setup: scripts/web.ts
    solve: scripts/web.ts
    checks:
      - { id: runs, title: Runs, type: object, object: pod/web }
      - { id: hidden, title: Hidden, type: object, object: pod/secret, visibility: never }
      - { id: then, title: Then, type: object, object: service/web, needs: runs }
      - { id: port, title: Port, type: answer, question: Which port?, equals: '4711' }
      - { id: text, title: Text, type: answer, question: Which text?, matches: /seen/ }
  - id: only
    title: Only
    solve: scripts/only.ts
    checks:
      - { id: script, title: Script, type: script, file: scripts/check.ts }
`;
const files: Readonly<Record<string, string>> = {
  'lab.yaml': definition,
  'tasks/web.md': 'web',
  'tasks/only.md': 'only',
  'teacher.md': 'What students get wrong.',
  'scripts/web.ts':
    "import { pod } from './pods.ts';\nexport const setup = async () => pod;\nexport const solve = 'answer4711';\n",
  'scripts/only.ts': "import './unused.ts';\nexport const solve = 'answer4711';\n",
  'scripts/check.ts': 'export const check = async () => ({ pass: true, observed: "" });\n',
  'scripts/pods.ts': 'export const pod = 1;\n',
  'scripts/unused.ts': 'export const unused = "answer4711";\n',
  'node_modules/kube-network-labs/package.json': '{}',
  '.gitignore': 'node_modules/',
};

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pack-'));
  folder = write('tiny', files);
});
afterEach(() => rmSync(home, { recursive: true }));

const write = (name: string, contents: Readonly<Record<string, string>>): string => {
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(home, name, path)), { recursive: true });
    writeFileSync(join(home, name, path), text);
  }
  return join(home, name);
};

const packed = async () => {
  const { files: all } = await wholeEdition(folder);
  return writePack({ name: 'tiny', version: '1.2.0', edition: 'whole' }, all);
};
const { signal } = new AbortController();
const variables = { PATH: process.env.PATH, HOME: tmpdir() };

describe('the edition for students', () => {
  test('has no solution, no hidden check, no page for teachers, and no answer to read', async () => {
    const { files: all, readable } = await studentEdition(folder);
    expect([...all.keys()]).toEqual([
      ...['lab.yaml', 'scripts/check.ts', 'scripts/pods.ts', 'scripts/web.ts', 'tasks/only.md', 'tasks/web.md'],
    ]);
    for (const content of all.values()) expect(String(content)).not.toMatch(/4711|secret|hidden/);
    expect(readable).toEqual(['web/text']);
  });

  test('is the same each time, and tells no two equal answers', async () => {
    const more = "{ id: same, title: Same, type: answer, question: Which port?, equals: '4711' }";
    write('tiny', { 'lab.yaml': definition.replace('      - { id: text,', `      - ${more}\n      - { id: text,`) });
    const [first, second] = [await studentEdition(folder), await studentEdition(folder)];
    expect([...first.files]).toEqual([...second.files]);
    const salts = [...String(first.files.get('lab.yaml')).matchAll(/salt: (\S+)/g)].map(([, salt]) => salt);
    expect(new Set(salts).size).toBe(2);
    write('tiny', { 'lab.yaml': `${definition}# another lab\n` });
    expect(String((await studentEdition(folder)).files.get('lab.yaml'))).not.toContain(String(salts[0]));
  });

  test('names each script that shows a fault or a solution once, and the tasks whose fault lab.yaml names', async () => {
    expect((await studentEdition(folder)).shows).toEqual({
      setups: ['scripts/pods.ts', 'scripts/web.ts'],
      clears: [],
      faults: [],
      drawn: [],
    });
    const clears = "import { names } from './names.ts';\nexport const solve = names;\nexport const clear = names;\n";
    write('tiny', {
      'lab.yaml': `${definition.replace('    setup: scripts/web.ts\n', '    clear: scripts/clears.ts\n')}  - id: mend
    title: Mend
    fault: selector-typo
  - { id: drawn, fault: { draw: all } }
  - { id: one, fault: { draw: [mtu] } }
  - { id: few, fault: { draw: [wrong-target-port, ip-forward-off] } }
`.replace('cluster: { nodes: [', 'cluster: { nodes: [{ name: node01 }, { name: node02 }, '),
      'scripts/clears.ts': clears,
      'scripts/names.ts': 'export const names = 1;\n',
    });
    expect((await studentEdition(folder)).shows).toEqual({
      setups: [],
      clears: ['scripts/clears.ts', 'scripts/names.ts'],
      faults: ['mend', 'one'],
      drawn: ['few'],
    });
    expect((await wholeEdition(folder)).shows).toEqual({ setups: [], clears: [], faults: [], drawn: [] });
  });

  test('is a lab with the same tasks, which can begin and be cleared', async () => {
    const { files: all } = await studentEdition(
      fileURLToPath(new URL('../../../labs/service-networking', import.meta.url)),
    );
    const lab = await loadLab(
      write('student', Object.fromEntries([...all].map(([path, text]) => [path, String(text)]))),
    );
    expect(lab.tasks).toHaveLength(15);
    expect(lab.tasks.flatMap(({ solve }) => solve ?? [])).toEqual([]);
    const original = await loadLab(fileURLToPath(new URL('../../../labs/service-networking', import.meta.url)));
    expect(lab.tasks.map(({ setup }) => setup !== undefined)).toEqual(
      original.tasks.map(({ setup }) => setup !== undefined),
    );
    const vanish = lab.tasks.find(({ id }) => id === 'vanish');
    expect(vanish?.clear).toMatch(/solve\/vanish\.ts$/);
    expect(readFileSync(vanish?.clear ?? '', 'utf8')).not.toContain('solve');
  });
});

describe('a packed lab', () => {
  test('has all files of the lab, and the same bytes each time', async () => {
    const first = await packed();
    expect(await packed()).toEqual(first);
    const { manifest, files: all, digest } = await readPack(first.bytes);
    expect(manifest).toMatchObject({ name: 'tiny', version: '1.2.0', edition: 'whole' });
    expect(digest).toBe(first.digest);
    expect([...all.keys()].sort()).toEqual(
      Object.keys(files)
        .filter((path) => !/^(node_modules|\.)/.test(path))
        .sort(),
    );
    expect(String(all.get('lab.yaml'))).toBe(definition);
  });

  const archive = async (entries: readonly (readonly [string, string, object?])[]): Promise<Buffer> => {
    const tar = tarPack();
    for (const [name, text, more = {}] of entries) tar.entry({ name, ...more }, 'type' in more ? '' : text);
    tar.finalize();
    return gzipSync(await buffer(tar));
  };
  const manifest = (over: object = {}): string =>
    JSON.stringify({ format: 'labs-pack/v1', name: 'tiny', version: '1', edition: 'whole', files: {}, ...over });
  const hash = `sha256:${'0'.repeat(64)}`;

  test.each([
    ['of something else', async () => Buffer.from('no archive'), 'The file is no packed lab'],
    ['without a manifest', () => archive([['lab/lab.yaml', '']]), 'it has no pack.json'],
    [
      'of another format',
      () => archive([['pack.json', manifest({ format: 'labs-pack/v9' })]]),
      'not one of this version',
    ],
    [
      'with a name that leads elsewhere',
      () => archive([['pack.json', manifest({ name: '../x' })]]),
      'not one of this version',
    ],
    [
      'with a changed file',
      () =>
        archive([
          ['pack.json', manifest({ files: { a: hash } })],
          ['lab/a', 'x'],
        ]),
      'a was changed',
    ],
    ['with a missing file', () => archive([['pack.json', manifest({ files: { a: hash } })]]), 'a is missing'],
    [
      'with a foreign file',
      () =>
        archive([
          ['pack.json', manifest()],
          ['lab/b', 'x'],
        ]),
      '"lab/b" is not in its manifest',
    ],
    [
      'with a path that leads elsewhere',
      () =>
        archive([
          ['pack.json', manifest()],
          ['lab/../../x', ''],
        ]),
      'leads elsewhere',
    ],
    ['with an absolute path', () => archive([['/etc/x', '']]), 'leads elsewhere'],
    ['with a link', () => archive([['lab/x', '', { type: 'symlink', linkname: '/etc/passwd' }]]), 'it has a symlink'],
    [
      'with a file twice',
      () =>
        archive([
          ['pack.json', manifest()],
          ['pack.json', manifest()],
        ]),
      'a file comes twice',
    ],
    ['that unpacks to too much', async () => gzipSync(Buffer.alloc(200 << 20)), 'it holds more than 192 MiB'],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(readPack(await bytes())).rejects.toMatchObject({
      code: 'LAB_PACK_INVALID',
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  test('cannot have a file name that other systems refuse', async () => {
    write('tiny', { 'tasks/a b.md': '' });
    await expect(packed()).rejects.toThrow('the name of the file "tasks/a b.md" is not portable');
  });
});

describe('a lab is fetched', () => {
  const digestOf = async (source: string, digest?: string) =>
    (await fetchLab(source, { variables, signal, ...(digest === undefined ? {} : { digest }) })).digest;

  test('from a file and from a folder, with the same digest', async () => {
    const { bytes, digest } = await packed();
    writeFileSync(join(home, 'tiny.tgz'), bytes);
    expect(await digestOf(join(home, 'tiny.tgz'))).toBe(digest);
    expect(await digestOf(folder)).toBe(digest);
    await expect(digestOf(folder, `sha256:${'1'.repeat(64)}`)).rejects.toMatchObject({ code: 'LAB_PACK_OTHER' });
    await expect(digestOf(join(home, 'nothing'))).rejects.toThrow('there is no such file or folder');
    execFileSync('mkfifo', [join(home, 'fifo')]);
    await expect(digestOf(join(home, 'fifo'))).rejects.toThrow('it is no file');
  });

  test('from a web server; without TLS only with its digest', async () => {
    const { bytes, digest } = await packed();
    const server = createServer((request, response) => {
      if (request.url === '/tiny') return void response.end(bytes);
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await digestOf(`${base}/tiny`, digest)).toBe(digest);
      await expect(digestOf(`${base}/tiny`)).rejects.toThrow('anybody on the way can change what http sends');
      await expect(digestOf(`${base}/other`, digest)).rejects.toThrow('the server answered 404');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('from a git repository, without running its hooks', async () => {
    const repository = write('repository', { 'labs/tiny/lab.yaml': '' });
    rmSync(join(repository, 'labs/tiny'), { recursive: true });
    write('repository/labs/tiny', files);
    const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args], { stdio: 'pipe' });
    git('init', '-q');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'x');
    const { digest } = await packed();
    expect(await digestOf(`git+file://${repository}#labs/tiny`)).toBe(digest);
    await expect(digestOf(`git+file://${repository}#../..`)).rejects.toThrow('is outside of it');
    await expect(digestOf(`git+file://${home}/nothing`)).rejects.toMatchObject({ code: 'LAB_SOURCE_FAILED' });
    const marker = join(home, 'ran');
    await expect(digestOf(`git+ext::sh -c touch% ${marker}`)).rejects.toMatchObject({ code: 'LAB_SOURCE_FAILED' });
    expect(existsSync(marker)).toBe(false);
  });
});

describe('installed labs', () => {
  const installFrom = async (source: string) =>
    install(await readPack((await packed()).bytes), { home: join(home, 'data'), source, now: new Date(0) });

  test('are folders with an origin, until they are removed', async () => {
    const data = join(home, 'data');
    const origin = await installFrom('https://example.org/tiny');
    expect(origin).toMatchObject({ source: 'https://example.org/tiny', version: '1.2.0', edition: 'whole' });
    expect(await installedLabs(data)).toEqual(['tiny']);
    expect((await loadLab(join(data, 'tiny'))).version).toBe('1.2.0');
    expect(readdirSync(data).sort()).toEqual(['tiny', 'tiny.origin.json']);
    await uninstall(data, 'tiny');
    expect(readdirSync(data)).toEqual([]);
  });

  test('lose the user’s trust with each new installation', async () => {
    const data = join(home, 'data');
    await installFrom('a');
    const { digest } = await loadLab(join(data, 'tiny'));
    await trust(data, 'tiny', digest);
    expect(await originOf(data, 'tiny')).toMatchObject({ trusted: digest, source: 'a' });
    await installFrom('b');
    expect((await originOf(data, 'tiny'))?.trusted).toBeUndefined();
  });

  test('a lab that is not valid leaves the earlier version, and nothing else', async () => {
    const data = join(home, 'data');
    await installFrom('a');
    writeFileSync(join(folder, 'lab.yaml'), definition.replace('name: tiny', 'name: other'));
    const { bytes } = await packed();
    await expect(install(await readPack(bytes), { home: data, source: 'b', now: new Date(0) })).rejects.toMatchObject({
      code: 'LAB_PACK_INVALID',
    });
    expect(readdirSync(data).sort()).toEqual(['tiny', 'tiny.origin.json']);
    expect((await originOf(data, 'tiny'))?.source).toBe('a');
  });
});
