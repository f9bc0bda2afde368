import { expect, test } from 'vitest';
import { isNeeded } from '../../../src/host/instructor/test/solving.ts';
import { labOf } from '../grade/world.ts';

test('of the tasks before the tested one, those that it needs are graded with checks that change the cluster', () => {
  const [first] = labOf([{ type: 'file', on: 'node/node01', path: '/a' }]).tasks;
  if (!first) throw new Error('no task');
  const course = { tasks: [{ ...first, id: 'tested', needs: ['needed'] }] };
  expect(['other', 'needed'].map((id) => isNeeded(course, { id }))).toEqual([false, true]);
});
