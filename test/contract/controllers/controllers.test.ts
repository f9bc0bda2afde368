import { describe } from 'vitest';
import { startApiserver } from '../../support/apiserver.ts';
import { controllersSuite } from '../../support/controllers-suite.ts';
import { schedulerSuite } from '../../support/scheduler-suite.ts';

describe('the controllers, with the real API server', () => {
  controllersSuite(() => startApiserver());
});

describe('the scheduler, with the real API server', () => {
  schedulerSuite(() => startApiserver());
});
