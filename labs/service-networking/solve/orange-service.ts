import type { SolveScript } from '../../../src/api/lab.ts';
import { exposeService, runPods } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'orange', app: 'orange' });
  await runPods(lab, { name: 'green', image: 'toolbox', node: 'node02' });
};
