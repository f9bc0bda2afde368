// What the rows of `labs test` say.
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
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

describe.each(['en', 'ko'] as const)('wrong solutions in %s', (language) => {
  const say = testWords[language];
  /** What a terminal of 80 columns leaves beside the mark and the time. A detail that does not fit is left out. */
  const room = 67;
  /** A name has at most 15 characters. */
  const onNodes: readonly string[] = [say.groups.rule, say.groups.nft, say.groups.stopped];

  test.each(Object.values(say.groups))('the count fits beside %s', (group) => {
    const title = say.mutants(onNodes.includes(group) ? `${group}, ${'n'.repeat(15)}` : group);
    expect(stringWidth(`${title}  ${say.killed(12, 12)}`)).toBeLessThanOrEqual(room);
  });
});
