// Measures how much space files take on their file system.
import { run } from './exec.ts';

/** @returns the bytes of all blocks below the paths. A path that does not exist takes none. */
export const diskUsage = async (paths: readonly string[]): Promise<number> => {
  const { stdout } = await run(['du', '--summarize', '--block-size=1', '--one-file-system', ...paths]);
  return stdout.split('\n').reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0);
};
