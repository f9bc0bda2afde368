// Reads the CPU time and memory of a process and its children from /proc.
import { readFileSync, writeFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second on all platforms of Node. */
const tickMs = 10;

/** CPU time of a process, of its living children, and of those it has waited for, in milliseconds (steps of 10). */
export const cpuMs = (pid: number): number =>
  [pid, ...descendantsOf(pid)].reduce((total, each) => total + cpuTicks(each) * tickMs, 0);

export interface Memory {
  readonly rssMiB: number;
  readonly pssMiB: number;
  /** Peak since `resetPeak`, of the process without its children. */
  readonly peakMiB: number;
}

/** Memory of a process and its living children. */
export const memoryOf = (pid: number): Memory => {
  const all = [pid, ...descendantsOf(pid)];
  const sum = (name: string): number =>
    all.reduce((total, each) => total + kilobytes(`/proc/${each}/smaps_rollup`, name), 0) / 1024;
  return { rssMiB: sum('Rss'), pssMiB: sum('Pss'), peakMiB: kilobytes(`/proc/${pid}/status`, 'VmHWM') / 1024 };
};

/** Starts a new measurement of the peak. */
export const resetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

const descendantsOf = (pid: number): number[] =>
  (read(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? [])
    .map(Number)
    .flatMap((child) => [child, ...descendantsOf(child)]);

const cpuTicks = (pid: number): number => {
  const stat = read(`/proc/${pid}/stat`);
  // Skip the program's name, which may contain spaces. utime is field 14 of the line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
};

const kilobytes = (path: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(path))?.[1] ?? 0);

/** Reads a file, or '' if the process has ended. */
const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
