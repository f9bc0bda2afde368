import { describe } from 'vitest';
import { createFakeClient } from '../../support/fake-client.ts';
import { schedulerSuite } from '../../support/scheduler-suite.ts';

describe('the scheduler, with a fake API server in memory', () => {
  schedulerSuite(async () => ({ client: createFakeClient(), stop: async () => {} }));
});
