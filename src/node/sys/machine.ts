// Reads the kernel version and the CPUs of the whole machine, even if a container may use only a part of the CPUs.
import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';

/** @param kernel as `uname -r` prints it: `5.4.0-200-generic`. Default: this machine's */
export const kernelIsOlderThan = ([major, minor]: readonly [number, number], kernel = release()): boolean => {
  const [ownMajor = 0, ownMinor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
};

/** Counts the CPUs in a list of the kernel, e.g. 5 for `0-3,8`. */
export const countRanges = (ranges: string): number =>
  ranges
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((total, [first = 0, last = first]) => total + last - first + 1, 0);

/** The number of online CPUs. If /sys is not readable, the number of CPUs that this process may use. */
export const countCpus = (): number => {
  try {
    return countRanges(readFileSync('/sys/devices/system/cpu/online', 'utf8'));
  } catch {
    return availableParallelism();
  }
};
