import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toKorean } from '../../../src/host/korean/translate.ts';
import { readLab } from '../../../src/host/lab/load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-limit-'));
  await mkdir(join(folder, 'tasks'));
  await writeFile(join(folder, 'tasks/look.md'), '# Look\n');
});
afterEach(() => rm(folder, { recursive: true }));

/** @param line of the time limit */
const read = async (line: string) => {
  const rest = `apiVersion: labs/v1
name: exam
title: Exam
summary: For tests.
${line}
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }] }
tasks:
  - id: look
    title: Look
    checks: [{ id: made, title: Made, type: object, object: service/web }]
`;
  await writeFile(join(folder, 'lab.yaml'), rest);
  return readLab(folder);
};

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['24h', 86_400_000],
])('a time limit of %s', async (text, ms) => {
  expect((await read(`timeLimit: ${text}`)).lab?.timeLimitMs).toBe(ms);
});

test('a lab without a time limit', async () => {
  expect((await read('')).lab).not.toHaveProperty('timeLimitMs');
});

const wrong = 'is no time limit from 1s to 24h, such as 90s, 10m or 1h30m';

test.each([
  ['timeLimit: 90min', 12, `timeLimit: "90min" ${wrong}; did you mean "90m"?`],
  ['timeLimit: 90', 12, `timeLimit: "90" ${wrong}; did you mean "90m"?`],
  ['timeLimit: 1 hour 30 minutes', 12, `timeLimit: "1 hour 30 minutes" ${wrong}; did you mean "1h30m"?`],
  ['timeLimit: 1H', 12, `timeLimit: "1H" ${wrong}; did you mean "1h"?`],
  ['timeLimit: 500ms', 12, `timeLimit: "500ms" ${wrong}`],
  ['timeLimit: 25h', 12, `timeLimit: "25h" ${wrong}`],
  ['timeLimit: soon', 12, `timeLimit: "soon" ${wrong}`],
  ['timeLimit: [90m]', 12, 'timeLimit: is a list, must be a text'],
  ['timelimit: 90m', 1, 'unknown field "timelimit"; did you mean "timeLimit"?'],
])('%s is refused with its place, and what is meant', async (line, column, message) => {
  const { diagnostics } = await read(line);
  expect(diagnostics).toMatchObject([{ line: 5, column, message }]);
  expect(toKorean(message)).toMatch(/[가-힣]/);
});
