// The file that takes what a lab's scripts print. It must not mix with what labs prints, and may reveal an answer.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Then the file is set aside as `….1`, which replaces an earlier one. */
const largestBytes = 1 << 20;

/** @returns a function that appends a line with the time */
export const openScriptLog = (stateFolder: string, name: string): ((line: string) => void) => {
  const file = scriptLogFile(stateFolder, name);
  return (line) => {
    try {
      mkdirSync(dirname(file), { recursive: true });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestBytes) renameSync(file, `${file}.1`);
      appendFileSync(file, `${new Date().toISOString()} ${line}\n`);
    } catch {
      // A full disk must not fail the student's work for a line that only an author reads.
    }
  };
};

export const removeScriptLog = async (stateFolder: string, name: string): Promise<void> => {
  const file = scriptLogFile(stateFolder, name);
  for (const each of [file, `${file}.1`]) await rm(each, { force: true });
};

const scriptLogFile = (stateFolder: string, name: string): string =>
  join(stateFolder, 'scripts', `${encodeURIComponent(name)}.log`);
