// Kernel settings of this network namespace, by the name that the sysctl tool takes with slashes: `net/ipv4/ip_forward`.
import { readFileSync, writeFileSync } from 'node:fs';

/** @returns undefined where the kernel has no such setting */
export const readSysctl = (name: string): string | undefined => {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/**
 * Writes only what differs: in a container /proc/sys may be read-only and already right.
 * @throws Error when the setting doesn't exist or can't be written
 */
export const writeSysctl = (name: string, value: number): void => {
  if (readSysctl(name) !== String(value)) writeFileSync(`/proc/sys/${name}`, String(value));
};
