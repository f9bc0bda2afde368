// The machine itself, whatever part of it a container may use.
import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';

/** @param kernel as `uname -r` says: `5.4.0-200-generic`. Default: this machine's */
export const kernelIsOlderThan = ([major, minor]: readonly [number, number], kernel = release()): boolean => {
  const [ours = 0, ofOurs = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return ours < major || (ours === major && ofOurs < minor);
};

/** @param ranges as the kernel lists CPUs: `0-3,8` */
export const countRanges = (ranges: string): number =>
  ranges
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((total, [first = 0, last = first]) => total + last - first + 1, 0);

/** CPUs that are online; where /sys doesn't tell, those that this process may use. */
export const countCpus = (): number => {
  try {
    return countRanges(readFileSync('/sys/devices/system/cpu/online', 'utf8'));
  } catch {
    return availableParallelism();
  }
};
