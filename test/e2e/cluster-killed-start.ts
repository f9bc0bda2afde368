// A start that a test kills. It prints each step that has begun.
import { requestFor, tryStart } from './cluster-support.ts';

const { error } = await tryStart(requestFor(process.argv[2] ?? ''), ({ step, state }) => {
  process.stdout.write(`${step} ${state}\n`);
});
process.exit(error === undefined ? 0 : 1);
