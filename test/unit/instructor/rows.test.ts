// What the rows of `labs test` say.
import { expect, test } from 'vitest';
import type { TaskDefinition } from '../../../src/api/lab.ts';
import { testAgain } from '../../../src/host/instructor/test/again.ts';
import type { Course } from '../../../src/host/instructor/test/course.ts';
import { testWords } from '../../../src/host/instructor/test/words.ts';

const titlesOf = async (task: Partial<TaskDefinition>): Promise<readonly string[]> => {
  const titles: string[] = [];
  const course = { say: testWords.en, number: () => 2, part: async (_id: string, title: string) => titles.push(title) };
  await testAgain(course as unknown as Course, { id: 'mend', checks: [], ...task } as unknown as TaskDefinition);
  return titles;
};

test('the reset of a task with a fault says that the cluster is stopped and started, too', async () => {
  const again = 'Task 2, solved a second time';
  expect(await titlesOf({})).toEqual(['Task 2 fails again after a reset', again]);
  expect(await titlesOf({ setup: 'solve/break.ts' })).toEqual([
    'Task 2 fails again after a reset, a stop and a start',
    again,
  ]);
});
