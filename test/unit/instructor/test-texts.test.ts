// What `labs test` finds in the texts of a lab before it builds a cluster.
import { expect, test } from 'vitest';
import type { LabDefinition } from '../../../src/api/lab.ts';
import type { Course } from '../../../src/host/instructor/test/course.ts';
import { testTexts } from '../../../src/host/instructor/test/texts.ts';
import { testWords } from '../../../src/host/instructor/test/words.ts';

test('a word behind the machine that is no mark is found', async () => {
  const text = '```h1 afer fails=1\nls\n```\n\n```yaml file=lab.yaml\nname: lab\n```\n';
  const task = { id: 'look', title: { en: 'Look' }, text: { en: '/lab/tasks/look.md' }, hints: [], checks: [] };
  const cluster = { nodes: [{ name: 'h1' }], clients: [], machines: [] };
  const texts = { '/lab/tasks/look.md': text };
  const lab = { folder: '/lab', title: { en: 'Lab' }, cluster, texts, tasks: [task] } as unknown as LabDefinition;
  const found: string[] = [];
  await testTexts({
    lab,
    say: testWords.en,
    tasks: lab.tasks,
    find: (each: string) => void found.push(each),
    part: async (_id: string, _title: string, work: () => Promise<unknown>) => void (await work()),
  } as unknown as Course);
  const known = 'Marks are fails, fails=1,3, meanwhile and after';
  expect(found).toEqual([`tasks/look.md: a code block has the unknown mark "afer". ${known}`]);
});
