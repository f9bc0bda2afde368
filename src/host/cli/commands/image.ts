import type { Run } from '../context.ts';
export const run: Run = async (c, args, o) => {
  c.output.line(JSON.stringify([args, o]));
  return 0;
};
