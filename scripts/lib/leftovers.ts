// Removes network namespaces and temporary folders that killed tests or benchmarks left behind.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Removes namespaces and folders whose process has ended or is a child of this process. Call it after the children's
 * work is done.
 * @param spaces names of network namespaces; the first group is the process id. Processes in them are killed.
 * @param folders names of folders in the temporary folder; the first group is the process id
 */
export const removeLeftovers = (spaces: RegExp, folders: RegExp): void => {
  const ip = (...args: string[]): string => execFileSync('ip', ['netns', ...args], { encoding: 'utf8' });
  const names = ip('list')
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '');
  for (const name of names.filter((each) => isLeftover(each, spaces))) {
    try {
      for (const pid of ip('pids', name).match(/\d+/g) ?? []) process.kill(Number(pid), 'SIGKILL');
      ip('delete', name);
    } catch (error) {
      // Another run may have removed the namespace meanwhile.
      if (existsSync(`/run/netns/${name}`)) throw error;
    }
  }
  for (const name of readdirSync(tmpdir()).filter((each) => isLeftover(each, folders)))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
};

const isLeftover = (name: string, pattern: RegExp): boolean => {
  const [, maker] = pattern.exec(name) ?? [];
  return maker !== undefined && !belongsToAnotherRun(maker);
};

/** Whether the process runs and is not a child of this process. */
const belongsToAnotherRun = (pid: string): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
  } catch {
    return false;
  }
};
