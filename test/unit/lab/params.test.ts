// Values that are drawn for each student, and where lab.yaml, Markdown and scripts use them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabParams, Variation } from '../../../src/api/lab.ts';
import { loadLab, readLab } from '../../../src/host/lab/load.ts';
import { drawParams } from '../../../src/host/lab/params.ts';
import { textOf } from '../../../src/host/lab/text.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-params-'));
  mkdirSync(join(folder, 'tasks'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `{param:x}` behind a dollar sign. */
const param = (name: string): string => `$${`{param:${name}}`}`;

const labYaml = `apiVersion: labs/v1
name: drawn
title: The port ${param('port')}
summary: Test
params:
  port: { from: 30100, to: 30999 }
  color: { oneOf: [orange, purple, teal] }
cluster:
  nodes: [{ name: controlplane, role: control-plane }, { name: node01 }]
tasks:
  - id: look
    title: Look at ${param('color')}
    checks:
      - { id: q, title: T, type: answer, question: "Which port has ${param('color')}?", equals: ["${param('port')}"] }
      - { id: p, title: P, points: "${param('points')}", type: process, name: x, on: node/node01 }
`.replace(`"${param('points')}"`, '1');

const write = (yaml = labYaml, text = `Use the port ${param('port')} of ${param('color')}.`): void => {
  writeFileSync(join(folder, 'lab.yaml'), yaml);
  writeFileSync(join(folder, 'tasks/look.md'), text);
};
const problems = async (): Promise<readonly string[]> =>
  (await readLab(folder)).diagnostics.map(({ line, message }) => `${line}: ${message}`);

describe('the values of a lab', () => {
  const lab = { name: 'demo', params: { port: { from: 3, to: 7 }, color: { oneOf: ['a', 'b', 9] } } };
  const drawn = (variation: Variation): LabParams => {
    return drawParams(lab, variation);
  };

  test('are the same for the same seed and student, and lie in their ranges', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, student) => {
        const values = drawn({ seed, student });
        expect(drawn({ seed, student })).toEqual(values);
        expect([3, 4, 5, 6, 7]).toContain(values.port);
        expect(['a', 'b', 9]).toContain(values.color);
      }),
    );
  });

  test('are all drawn about as often, and two parameters do not follow each other', () => {
    const counts = new Map<string, number>();
    for (let student = 0; student < 3000; student += 1) {
      const { port, color } = drawn({ student: String(student) });
      counts.set(`${port} ${color}`, (counts.get(`${port} ${color}`) ?? 0) + 1);
    }
    expect(counts.size).toBe(15);
    // The draw is fixed, so this cannot fail by chance.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  test('never change with a new version of labs: SHA-256 of a JSON list, its first 64 bits modulo the count', () => {
    expect(drawn({})).toEqual({ port: 3, color: 9 });
    expect(drawn({ student: 'kim' })).toEqual({ port: 3, color: 'a' });
    expect(drawn({ seed: 'exam', student: 'kim' })).toEqual({ port: 6, color: 'b' });
  });
});

test('stand in lab.yaml and in Markdown', async () => {
  write();
  const variation = { student: 'kim' };
  const lab = await loadLab(folder, undefined, variation);
  const { port, color } = lab.params;
  expect(lab).toMatchObject({ variation, title: { en: `The port ${port}` } });
  const [task] = lab.tasks;
  expect(task).toMatchObject({ title: { en: `Look at ${color}` } });
  expect(task?.checks[0]).toMatchObject({ question: { en: `Which port has ${color}?` }, equals: [String(port)] });
  expect(await textOf(lab, task?.text.en ?? '')).toBe(`Use the port ${port} of ${color}.`);
});

test('a field that is one template alone gets a number', async () => {
  write(labYaml.replace('points: 1', `points: "${param('port')}"`).replace('30100, to: 30999', '5, to: 9'));
  const lab = await loadLab(folder);
  expect(lab.tasks[0]?.checks[1]?.points).toBe(lab.params.port);
});

describe('a wrong parameter', () => {
  test('is named with its line', async () => {
    write(labYaml.replace(`The port ${param('port')}`, `The port ${param('prot')}`));
    expect(await problems()).toEqual(['3: there is no parameter "prot" in params; did you mean "port"?']);
    write(labYaml, `First.\nUse ${param('colour')}.`);
    const message = 'there is no parameter "colour" in params; did you mean "color"?';
    expect((await readLab(folder)).diagnostics).toEqual([
      { file: expect.stringMatching(/tasks\/look\.md$/), line: 2, column: 5, message, rule: 'parameter' },
    ]);
  });

  test('hides no other problem, and makes none of the fields that use it', async () => {
    const wrong = labYaml.replace('points: 1', `points: "${param('port')}"`).replace('to: 30999', 'too: 30999');
    write(wrong.replace('title: P', 'titel: P'), `Use ${param('port')} and ${param('colour')}.`);
    expect(await problems()).toEqual([
      expect.stringMatching(/^6: params\.port/),
      expect.stringMatching(/^15: .*unknown field "titel"/),
      expect.stringMatching(/^1: there is no parameter "colour"/),
    ]);
  });

  test.each([
    ['from: 30100, to: 30999', 'from: 9, to: 3', '`to` must not be less than `from`'],
    ['oneOf: [orange, purple, teal]', 'oneOf: []', 'params.color'],
    ['  color: {', '  Color Name: {', 'is not a name such as port'],
  ])('such as %s → %s', async (from, to, message) => {
    write(labYaml.replace(from, to));
    expect((await problems()).join('\n')).toContain(message);
  });
});
