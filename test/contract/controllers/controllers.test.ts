import { describe } from 'vitest';
import { startApiserver } from '../../support/apiserver.ts';
import { controllersSuite } from '../../support/controllers-suite.ts';
import { schedulerSuite } from '../../support/scheduler-suite.ts';

describe('Controllers over the real API server', () => {
  controllersSuite(() => startApiserver());
});

describe('The scheduler over the real API server', () => {
  schedulerSuite(() => startApiserver());
});
