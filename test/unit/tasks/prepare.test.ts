// What labs says when the setup of a lab fails: then the new cluster is removed.
import { expect, test } from 'vitest';
import { failed, failedFirst } from '../../../src/host/tasks/run.ts';
import { LabError } from '../../../src/kit/error.ts';

const cause = new LabError('LAB_SCRIPT_FAILED', 'no such node');

test('at the first start, the hint names no command for a cluster that is gone', () => {
  const { hint, message } = failedFirst('LAB_SETUP_FAILED', 'The lab web could not be set up', cause);
  expect(message).toBe('The lab web could not be set up: no such node');
  expect(hint).toMatch(/^Its cluster was removed, so start the lab again\./);
  expect(hint).not.toMatch(/labs status|labs reset/);
});

test('later, the cluster is there to look at', () => {
  expect(failed('LAB_SETUP_FAILED', 'Task "web" could not be set up', cause).hint).toContain('`labs status`');
});
