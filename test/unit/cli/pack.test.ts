// What `labs pack --student` says of what students can still read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../../src/host/cli/commands/pack.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { fakeOutput } from './fake-output.ts';

const files: Readonly<Record<string, string>> = {
  'lab.yaml': `apiVersion: labs/v1
name: tiny
title: Tiny
summary: Tiny
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }, { name: node02 }] }
tasks:
  - id: routes
    title: Routes
    solve: solve/routes.ts
    checks: [{ id: web, title: Web, type: object, object: pod/web }]
  - id: exam
    title: Exam
    setup: solve/exam.ts
    solve: solve/exam.ts
    checks: [{ id: web, title: Web, type: object, object: pod/web, reveal: symptom }]
  - { id: slow, fault: mtu }
  - { id: few, fault: { draw: [missing-route, ip-forward-off] } }
`,
  'tasks/routes.md': 'Routes.',
  'tasks/exam.md': 'Exam.',
  'solve/routes.ts': 'export const solve = async () => {};\nexport const clear = async () => {};\n',
  'solve/exam.ts':
    'export const setup = async () => {};\nexport const solve = async () => {};\nexport const clear = async () => {};\n',
};

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'pack-cli-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, 'tiny', path)), { recursive: true });
    writeFileSync(join(home, 'tiny', path), text);
  }
});
afterAll(() => rmSync(home, { recursive: true }));

const pack = async (options: Readonly<Record<string, unknown>>, json = false) => {
  const { output, lines, notes } = fakeOutput({ width: 500 });
  const paths = { labs: [home], installed: join(home, 'installed') };
  const context = { output, say: messagesIn('en'), json, paths } as unknown as Context;
  const exitCode = await run(context, [join(home, 'tiny')], { out: join(home, 'tiny.tgz'), ...options });
  return { exitCode, text: lines.join('\n'), notes: notes.join('\n') };
};

test('the edition for students: each script and each task that gives something away is named once', async () => {
  const { exitCode, notes } = await pack({ student: true });
  expect(exitCode).toBe(0);
  expect(notes).toMatch(/prepare or break.*: solve\/exam\.ts$/m);
  expect(notes).toMatch(/removes.*: solve\/routes\.ts$/m);
  expect(notes).toMatch(/names the fault.*: slow$/m);
  expect(notes).toMatch(/list from which.*drawn: few\./m);
  const { shows } = JSON.parse((await pack({ student: true }, true)).text);
  expect(shows).toEqual({ setups: ['solve/exam.ts'], clears: ['solve/routes.ts'], faults: ['slow'], drawn: ['few'] });
});

test('the whole lab hides nothing, so nothing is named', async () => {
  expect((await pack({})).notes).not.toContain('solve/');
});
