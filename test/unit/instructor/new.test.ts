import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewLab } from '../../../src/host/instructor/new/template.ts';
import { copyLab, writeLab } from '../../../src/host/instructor/new/write.ts';
import { loadLab } from '../../../src/host/lab/load.ts';

const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));
const lab: NewLab = { name: 'my-lab', title: 'First', workers: 1, tasks: ['web', 'routes'] };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'new-lab-'));
});
afterEach(() => rmSync(home, { recursive: true }));
const place = (name = 'my-lab') => ({ folder: join(home, name), packageFolder });

describe('a new lab', () => {
  test('is valid, with all its texts and scripts', async () => {
    await writeLab(lab, place());
    const { name, title, tasks, cluster } = await loadLab(join(home, 'my-lab'));
    expect({ name, title }).toEqual({ name: 'my-lab', title: { en: 'First' } });
    expect(cluster.nodes.map((node) => node.name)).toEqual(['controlplane', 'node01']);
    expect(tasks.map(({ id, solve, debrief }) => [id, solve !== undefined, debrief !== undefined])).toEqual([
      ['web', true, true],
      ['routes', true, true],
    ]);
  });

  test.each(['"Quoted": #1', "it's {a} [list]", '- &x !tag', '안녕'])('may have the title %s', async (title) => {
    await writeLab({ ...lab, title }, place());
    expect((await loadLab(join(home, 'my-lab'))).title).toEqual({ en: title });
  });

  test('finds the types and the schema of this package', async () => {
    await writeLab(lab, place());
    const linked = join(home, 'my-lab/node_modules/kube-network-labs');
    expect(readFileSync(join(linked, 'package.json'), 'utf8')).toContain('"./lab"');
    const [, schema = ''] = /\$schema=(\S+)/.exec(readFileSync(join(home, 'my-lab/lab.yaml'), 'utf8')) ?? [];
    expect(JSON.parse(readFileSync(join(home, 'my-lab', schema), 'utf8')).title).toBe('Lab');
  });

  test('stays the same lab when packages are installed or removed beside it', async () => {
    await writeLab(lab, place());
    const { digest } = await loadLab(join(home, 'my-lab'));
    mkdirSync(join(home, 'my-lab/node_modules/other'));
    writeFileSync(join(home, 'my-lab/node_modules/other/index.js'), '');
    expect((await loadLab(join(home, 'my-lab'))).digest).toBe(digest);
  });

  test('never replaces what is there, and leaves nothing behind', async () => {
    mkdirSync(join(home, 'my-lab'));
    writeFileSync(join(home, 'my-lab/mine'), 'mine');
    await expect(writeLab(lab, place())).rejects.toMatchObject({ code: 'LAB_FOLDER_EXISTS', exitCode: 2 });
    expect(readdirSync(home)).toEqual(['my-lab']);
    expect(readdirSync(join(home, 'my-lab'))).toEqual(['mine']);
    writeFileSync(join(home, 'file'), '');
    await expect(writeLab(lab, place('file'))).rejects.toMatchObject({ code: 'LAB_FOLDER_EXISTS' });
    await expect(writeLab(lab, place('file/below'))).rejects.toMatchObject({ exitCode: 2 });
    expect(readdirSync(home).sort()).toEqual(['file', 'my-lab']);
  });
});

describe('a copy', () => {
  test('of a lab has everything of it but its name', async () => {
    await copyLab(join(packageFolder, 'labs/service-networking'), 'mine', place('mine'));
    const copy = await loadLab(join(home, 'mine'));
    const original = await loadLab(join(packageFolder, 'labs/service-networking'));
    expect(copy.name).toBe('mine');
    expect(copy.tasks.map(({ id, checks }) => [id, checks])).toEqual(
      original.tasks.map(({ id, checks }) => [id, checks]),
    );
    expect(readdirSync(join(home, 'mine'))).toEqual(expect.arrayContaining(['package.json', 'tsconfig.json', 'tasks']));
    expect(readFileSync(join(home, 'mine/lab.yaml'), 'utf8')).toContain('$schema=./node_modules/kube-network-labs/');
  });

  test('of a lab has its own name in the commands of its texts', async () => {
    await writeLab(lab, place());
    const more = 'labs test --seeds 3 ./my-lab; labs start my-lab-2; `my-lab` is this.\n';
    writeFileSync(join(home, 'my-lab/README.ko.md'), more);
    await copyLab(join(home, 'my-lab'), 'second', place('second'));
    const readme = readFileSync(join(home, 'second/README.md'), 'utf8');
    expect(readme).toContain('labs start ./second ');
    expect(readme).toContain('labs pack ./second ');
    expect(readme).not.toContain('my-lab');
    expect(readFileSync(join(home, 'second/README.ko.md'), 'utf8')).toBe(
      'labs test --seeds 3 ./second; labs start my-lab-2; `my-lab` is this.\n',
    );
  });

  test('of a copy has the link of its own', async () => {
    await writeLab(lab, place());
    await copyLab(join(home, 'my-lab'), 'second', place('second'));
    expect(readdirSync(join(home, 'second/node_modules'))).toEqual(['kube-network-labs']);
  });
});
