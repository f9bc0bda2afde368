// What an author's editor shows in lab.yaml, from the published JSON Schema.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeLab } from '../../../src/host/instructor/new/write.ts';
import { Editor, type Position } from '../../support/language-server.ts';

const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));
let home: string;
let definition: string;
let editor: Editor;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'editor-'));
  const folder = join(home, 'my-lab');
  await writeLab({ name: 'my-lab', title: 'First', workers: 1, tasks: ['web'] }, { folder, packageFolder });
  definition = await readFile(join(folder, 'lab.yaml'), 'utf8');
  editor = await Editor.start(folder);
});
afterAll(async () => {
  await editor.stop();
  await rm(home, { recursive: true });
});

/** Files of the lab's folder that are never written: the editor has their text. */
const file = (name: string): string => join(home, 'my-lab', name);

/** Where a piece of text begins or ends. */
const find = (text: string, piece: string, side: 'start' | 'end' = 'start'): Position => {
  const offset = text.indexOf(piece) + (side === 'end' ? piece.length : 0);
  const before = text.slice(0, offset).split('\n');
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
};

test('marks nothing in the lab that labs new writes', async () => {
  expect(await editor.open(file('lab.yaml'), definition)).toEqual([]);
});

test('marks a wrong field and a wrong value at their places', async () => {
  const wrong = definition.replace('within: 2s', 'withn: 2s').replace('role: control-plane', 'role: boss');
  const found = await editor.open(file('wrong.yaml'), wrong);
  const marks = found.map(({ message, range }) => [range.start.line, message] as const);
  expect(marks).toContainEqual([find(wrong, 'withn').line, expect.stringContaining('withn is not allowed')]);
  expect(marks).toContainEqual([find(wrong, 'boss').line, expect.stringContaining('control-plane')]);
});

test('explains fields of the lab, of the cluster and of a check, with examples', async () => {
  await editor.open(file('hover.yaml'), definition);
  const over = (piece: string) => editor.hover(file('hover.yaml'), find(definition, piece));
  expect(await over('summary:')).toContain('What students learn, in one sentence.');
  expect(await over('role:')).toContain('Exactly one node is the control plane.');
  expect(await over('type: http')).toContain('The request must also arrive where it should');
  const lands = await over('lands:');
  expect(lands).toContain('Where the request must arrive');
  expect(lands).toContain('endpoints/web');
});

test('offers the fields of a check, the types of checks and the values of a field', async () => {
  const offered = async (name: string, from: string | RegExp, to: string): Promise<readonly string[]> => {
    const text = definition.replace(from, to);
    await editor.open(file(name), text);
    return editor.complete(file(name), find(text, to, 'end'));
  };
  expect(await offered('fields.yaml', '        lands: pod/web', '        la')).toContain('lands');
  expect(await offered('types.yaml', /type: object\n(?: {8}.*\n)*? {8}where:\n.*/, 'type: ')).toEqual(
    expect.arrayContaining(['http', 'twin', 'script']),
  );
  expect(await offered('reveal.yaml', 'within: 2s', 'reveal: ')).toEqual(
    expect.arrayContaining(['cause', 'symptom', 'nothing']),
  );
});
