import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLab } from '../../../src/host/lab/load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-'));
});
afterEach(() => rm(folder, { recursive: true }));

const valid = `apiVersion: labs/v1
name: tiny
title: Tiny
summary: { en: A tiny lab, ko: 작은 실습 }
cluster:
  nodes:
    - { name: controlplane, role: control-plane }
    - { name: node01 }
tasks:
  - id: look
    title: Look
    checks:
      - id: there
        title: It is there
        type: object
        object: service/x
`;

/** The problems as `line:column: message`. */
const problems = async (source: string): Promise<readonly string[]> => {
  await mkdir(join(folder, 'tasks'), { recursive: true });
  await writeFile(join(folder, 'tasks/look.md'), '');
  await writeFile(join(folder, 'lab.yaml'), source);
  const { diagnostics } = await readLab(folder);
  return diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

test('the lab without a mistake has no problem', async () => {
  expect(await problems(valid)).toEqual([]);
});

/** Each mistake, and the one sentence that it makes. */
test.each([
  [
    'a tab',
    '    title: Look',
    '\ttitle: Look',
    '11:1: this line is indented with a tab: YAML takes spaces only. Replace',
  ],
  ['a tab behind spaces', '        type: object', '      \ttype: object', '15:7: this line is indented with a tab'],
  [
    'a parameter in a text in braces',
    'title: Tiny',
    'title: { en: Now, on port $' + '{param:door}, ko: 최종 과제 }',
    '3:14: an unquoted $' + '{…} cannot be in { } or [ ]: write en: "Now, on port $' + '{param:door}"',
  ],
  [
    'a parameter in an address in braces',
    '    - { name: node01 }',
    '    - { name: node01, cidr: 10.$' + '{param:net}.1.0/24, zone: a }',
    '8:29: an unquoted $' + '{…} cannot be in { } or [ ]: write cidr: "10.$' + '{param:net}.1.0/24"',
  ],
  [
    'a parameter in a list in brackets',
    'title: Tiny',
    'title: [a, 10.$' + '{param:net}.1.0/$' + '{param:bits}, b]',
    '3:12: an unquoted $' + '{…} cannot be in { } or [ ]: write "10.$' + '{param:net}.1.0/$' + '{param:bits}"',
  ],
  [
    'a parameter in braces over several lines',
    'title: Tiny',
    'title: {\n  en: a "b" $' + '{param:x},\n  ko: c }',
    '4:7: an unquoted $' + '{…} cannot be in { } or [ ]: write en: \'a "b" $' + "{param:x}'",
  ],
  ['no colon', 'title: Tiny', 'title Tiny', '3:1: there is no colon in this line: write title: Tiny'],
  [
    'no colon in a list',
    '        type: object',
    '        type object',
    '15:9: there is no colon in this line: write type: object',
  ],
  ['no colon before a map', 'cluster:', 'cluster', '5:1: there is no colon in this line: write cluster:'],
  ['no colon before a list', 'tasks:', 'tasks', '9:1: there is no colon in this line: write tasks:'],
  [
    'no colon in braces',
    '{ name: node01 }',
    '{ name node01 }',
    '8:9: there is no colon in "name node01": write name: node01',
  ],
  [
    'prose',
    'title: Tiny',
    'title: Tiny\nand some more words here',
    '4:1: there is no colon in this line: a field is a name',
  ],
  [
    'no space behind a colon',
    'title: Tiny',
    'title:Tiny',
    '3:1: a space is missing behind the colon: write title: Tiny',
  ],
  [
    'no space behind a dash',
    '- id: there',
    '-id: there',
    '13:7: a space is missing behind the dash: write - id: there',
  ],
  [
    'too few spaces',
    '        type: object',
    '       type: object',
    '15:8: this line is indented by 7 spaces, and line 14 by 8:',
  ],
  [
    'too many spaces',
    '        type: object',
    '         type: object',
    '15:10: this line is indented by 9 spaces, and line 14 by 8:',
  ],
  [
    'too few spaces behind a dash',
    '    title: Look',
    '   title: Look',
    '11:4: this line is indented by 3 spaces, and line 10 by 4:',
  ],
  [
    'too many spaces behind a dash',
    '    title: Look',
    '     title: Look',
    '11:6: this line is indented by 5 spaces, and line 10 by 4:',
  ],
  ['a space before a field', 'title: Tiny', ' title: Tiny', '3:2: this line is indented by 1 space, and line 2 by 0:'],
  [
    'the column of the dash',
    '    title: Look',
    '  title: Look',
    '11:3: this line is indented by 2 spaces, and line 10 by 4:',
  ],
  [
    'an item too far to the left',
    '    - { name: node01 }',
    '   - { name: node01 }',
    '8:4: this item is indented by 3 spaces, and the one in line 7 by 4',
  ],
  [
    'an item too far to the right',
    '    - { name: node01 }',
    '     - { name: node01 }',
    '8:6: this item is indented by 5 spaces, and the one in line 7 by 4',
  ],
  ['a list outside of its map', '  nodes:', 'nodes:', '6:1: "nodes" is indented too little: it is a field of cluster'],
  [
    'a list outside of its task',
    '    checks:',
    'checks:',
    '12:1: "checks" is indented too little: it is a field of tasks[0]',
  ],
  [
    'an open double quote',
    'title: Tiny',
    'title: "Tiny',
    '3:8: the quote that begins here is not closed in its line: " is missing',
  ],
  [
    'an open single quote',
    'title: Tiny',
    "title: 'Tiny",
    "3:8: the quote that begins here is not closed in its line: ' is missing",
  ],
  [
    'a quote in quotes',
    'title: It is there',
    "title: 'It's there'",
    "14:20: text stands behind the closing quote: inside of '…', write '' for",
  ],
  ['an unknown escape', 'title: It is there', 'title: "a\\d"', '14:18: \\d means nothing in "…": write \\\\d'],
  [
    'a field twice',
    'title: Tiny',
    'title: Tiny\ntitle: Again',
    '4:1: "title" is here a second time: it is in line 3, too',
  ],
  [
    'a colon in a value',
    'title: It is there',
    'title: There: it is',
    "14:16: the value of title has a colon: put it in quotes, 'There: it is'",
  ],
  ['an open brace', '{ name: node01 }', '{ name: node01 ', '8:7: the { that begins here is not closed: } is missing'],
  [
    'an open bracket',
    'title: It is there',
    'title: [It is there',
    '14:16: the [ that begins here is not closed: ] is missing',
  ],
  ['a brace too many', '{ name: node01 }', '{ name: node01 }}', '8:23: this } closes nothing: remove it'],
  ['no comma', 'controlplane, role', 'controlplane role', '7:15: a comma is missing between two fields in { … }'],
  ['a star', 'title: It is there', 'title: *there', "14:16: a text cannot begin with *: put it in quotes, '*there'"],
  [
    'an at sign',
    'title: It is there',
    'title: @there',
    "14:16: a text cannot begin with @: put it in quotes, '@there'",
  ],
  [
    'a merge conflict',
    'title: Tiny',
    '<<<<<<< HEAD\ntitle: Tiny\n=======\ntitle: A\n>>>>>>> b',
    '3:1: this line is left over from a merge conflict',
  ],
  ['a misspelt field', 'title: Look', 'titel: Look', '11:5: tasks[0]: unknown field "titel"; did you mean "title"?'],
])('%s makes one problem', async (_, from, to, problem) => {
  expect(await problems(valid.replace(from, to))).toEqual([expect.stringContaining(problem)]);
});

test('tabs everywhere make one problem', async () => {
  expect(await problems(valid.replaceAll('  ', '\t'))).toEqual([
    '6:1: this line is indented with a tab, as are 9 lines below: YAML takes spaces only. Replace each tab by two spaces',
  ]);
});

test('a quote that a later quote closes is named where it begins', async () => {
  const source = valid.replace('title: Tiny', 'title: "Tiny').replace('title: It is there', 'title: "It is there"');
  expect(await problems(source)).toEqual([expect.stringContaining('3:8: the quote that begins here')]);
});

test('each field that is there twice is a problem of its own', async () => {
  const source = valid
    .replace('title: Tiny', 'title: Tiny\ntitle: A')
    .replace('type: object', 'type: object\n        type: http');
  expect(await problems(source)).toEqual([
    '4:1: "title" is here a second time: it is in line 3, too',
    '17:9: "type" is here a second time: it is in line 16, too',
  ]);
});

test.each(['', '# nothing\n'])('a file with nothing in it is said to be empty', async (source) => {
  expect(await problems(source)).toEqual([expect.stringContaining('1:1: the file is empty')]);
});
