import type { SolveScript } from '../../../src/api/lab.ts';

export const solve: SolveScript = async (lab) => {
  await lab.answer('what-happens', 'timeout');
  await lab.answer('why', 'no-rule');
};
