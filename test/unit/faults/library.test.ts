// Each fault of the library makes a whole task: texts, checks and scripts that a lab can have.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsPage } from '../../../scripts/lib/faults-page.ts';
import type { LabDefinition } from '../../../src/api/lab.ts';
import { faults } from '../../../src/host/faults/library.ts';
import { faultFunctions } from '../../../src/host/faults/script.ts';
import { lintLab } from '../../../src/host/instructor/lint/lint.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { textOf } from '../../../src/host/lab/text.ts';

const names = faults.map(({ name }) => name);
let folder: string;
let lab: LabDefinition;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labs-faults-'));
  const tasks = names.map((name, index) => `  - { id: task-${index}, fault: ${name} }\n`);
  writeFileSync(
    join(folder, 'lab.yaml'),
    `apiVersion: labs/v1
name: every-fault
title: { en: Reports, ko: 신고 }
summary: { en: Reports, ko: 신고 }
cluster: { nodes: [{ name: plane, role: control-plane }, { name: one }, { name: two }] }
tasks:
${tasks.join('')}`,
  );
  lab = await loadLab(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('has one file for each fault', () => {
  const files = readdirSync(join(import.meta.dirname, '../../../src/host/faults/library'));
  expect(files.map((file) => file.replace('.ts', '')).sort()).toEqual([...names].sort());
});

test('gives lint nothing to find', async () => {
  expect((await lintLab(folder)).findings).toEqual([]);
});

test('docs/faults.md shows it: `node scripts/node.mjs faults.ts` writes it', () => {
  expect(readFileSync('docs/faults.md', 'utf8')).toBe(faultsPage());
});

describe.each(names)('%s', (name) => {
  const taskOf = () => lab.tasks[names.indexOf(name)] as LabDefinition['tasks'][number];

  test('has texts, hints, checks and scripts', async () => {
    const { text, debrief, hints, checks, setup = '', solve, clear, wrong = [] } = taskOf();
    for (const language of ['en', 'ko'] as const) {
      expect(await textOf(lab, text[language] ?? '')).toMatch(/^> .+/m);
      expect((await textOf(lab, debrief?.[language] ?? '')).length).toBeGreaterThan(100);
    }
    expect(hints.length).toBeGreaterThan(0);
    expect(checks[0]?.reveal).toBe('symptom');
    expect(checks.every(({ reveal }) => reveal !== 'cause')).toBe(true);
    expect([solve, clear]).toEqual([setup, undefined]);
    expect(Object.keys(faultFunctions(setup)).sort()).toEqual(['clear', 'resume', 'setup', 'solve']);
    for (const file of wrong) expect(Object.keys(faultFunctions(file))).toEqual(['cheat']);
    for (const { file } of checks as readonly { file?: string }[])
      if (file !== undefined) expect(Object.keys(faultFunctions(file))).toEqual(['check']);
  });

  test('names neither itself nor other machines than those of the lab', async () => {
    const { title, text, checks } = taskOf();
    const seen = [title, ...checks.map((check) => check.title)].flatMap((each) => Object.values(each));
    const whole = [...seen, await textOf(lab, text.en), await textOf(lab, text.ko ?? '')].join('\n');
    expect(whole).not.toContain(name);
    expect(whole).not.toMatch(/\b(controlplane|node0\d)\b/);
  });
});
