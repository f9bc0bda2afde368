import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { languages } from '../../../src/api/lab.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { labJsonSchema } from '../../../src/host/lab/schema.ts';

const root = join(import.meta.dirname, '../../..');

test('the published JSON Schema is current (node scripts/node.mjs json-schemas.ts)', async () => {
  const published = JSON.parse(await readFile(join(root, 'schema/lab.schema.json'), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(labJsonSchema())));
});

test('the lab service-networking is valid, and every task has a text in every language and a solution', async () => {
  const lab = await loadLab(join(root, 'labs/service-networking'));
  expect(lab.tasks.length).toBeGreaterThanOrEqual(12);
  for (const task of lab.tasks) {
    expect(Object.keys(task.text).sort(), task.id).toEqual([...languages].sort());
    expect(task.solve, task.id).toBeDefined();
    expect(task.hints.length, task.id).toBeGreaterThan(0);
    for (const text of [
      task.title,
      ...task.hints.map(({ text: hint }) => hint),
      ...task.checks.map(({ title }) => title),
    ])
      expect(text.ko, `${task.id}: ${text.en}`).toBeDefined();
  }
});
