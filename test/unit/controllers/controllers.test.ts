import { describe } from 'vitest';
import { controllersSuite } from '../../support/controllers-suite.ts';
import { createFakeClient } from '../../support/fake-client.ts';

describe('the controllers, with a fake API server in memory', () => {
  controllersSuite(async () => ({ client: createFakeClient(), stop: async () => {} }));
});
