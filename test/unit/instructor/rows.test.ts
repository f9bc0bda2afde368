// What the rows of `labs test` say.
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { LabDefinition, TaskDefinition } from '../../../src/api/lab.ts';
import { faultScript } from '../../../src/host/faults/reference.ts';
import { testAgain } from '../../../src/host/instructor/test/again.ts';
import type { Course } from '../../../src/host/instructor/test/course.ts';
import { titleOf } from '../../../src/host/instructor/test/solving.ts';
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

test('a task says which fault was drawn for it', () => {
  const setup = faultScript([{ name: 'mtu', values: { controlPlane: 'controlplane' } }]);
  const title = { en: 'Mend', ko: '고치기' };
  const task = { id: 'mend', title, setup } as unknown as TaskDefinition;
  const own = { id: 'own', title, setup: 'solve/break.ts' } as unknown as TaskDefinition;
  const rowsOf = (lab: Partial<LabDefinition>, language: 'en' | 'ko' = 'en'): readonly string[] => {
    const course = { lab: { tasks: [own, task], ...lab }, language, say: testWords[language] } as unknown as Course;
    return [own, task].map((each) => titleOf(course, each));
  };
  expect(rowsOf({ drawsFaults: true })).toEqual(['Task 1: Mend', 'Task 2, fault mtu: Mend']);
  expect(rowsOf({ drawsFaults: true }, 'ko')).toEqual(['과제 1: 고치기', '과제 2, 고장 mtu: 고치기']);
  expect(rowsOf({})).toEqual(['Task 1: Mend', 'Task 2: Mend']);
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
