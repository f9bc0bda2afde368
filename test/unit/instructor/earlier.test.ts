import { expect, test, vi } from 'vitest';
import { solveEarlier } from '../../../src/host/instructor/test/solving.ts';
import { labOf } from '../grade/world.ts';

vi.mock(import('../../../src/host/tasks/run.ts'), async (original) => ({
  ...(await original()),
  solveTask: async () => {},
}));

test('of the tasks before the tested one, those that it needs are graded with checks that change the cluster', async () => {
  const [first] = labOf([{ type: 'file', on: 'node/node01', path: '/a' }]).tasks;
  if (!first) throw new Error('no task');
  const [other, needed] = ['other', 'needed'].map((id) => ({ ...first, id }));
  const graded: unknown[] = [];
  const course = {
    say: { earlier: '' },
    tasks: [{ ...first, id: 'tested', needs: ['needed'] }],
    solved: new Set<string>(),
    part: (_id: string, _title: string, work: () => Promise<unknown>) => work(),
    run: (task: unknown) => ({ task }),
    grade: async ({ tasks: [task], once }: { tasks: [{ id: string }]; once: boolean }) =>
      void graded.push([task.id, once]),
  };
  await solveEarlier(
    course as unknown as Parameters<typeof solveEarlier>[0],
    [other, needed].flatMap((task) => task ?? []),
  );
  expect(graded).toEqual([
    ['other', true],
    ['needed', false],
  ]);
});
