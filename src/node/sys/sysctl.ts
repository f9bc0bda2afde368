// Reads and writes kernel settings of this network namespace. Names have slashes: `net/ipv4/ip_forward`.
import { readFileSync, writeFileSync } from 'node:fs';

/** @returns undefined if the kernel has no such setting */
export const readSysctl = (name: string): string | undefined => {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/**
 * Writes only if the value differs, because in a container /proc/sys may be read-only and already have the right value.
 * @returns the old value if it was another one; undefined: nothing was written
 * @throws Error when the setting does not exist or cannot be written
 */
export const writeSysctl = (name: string, value: number): string | undefined => {
  const before = readSysctl(name);
  if (before === String(value)) return undefined;
  writeFileSync(`/proc/sys/${name}`, String(value));
  return before ?? '';
};
