// Installs the Debian packages that tests need and that a fresh machine lacks.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @param needed program → Debian package. @throws Error with the packages' names when they cannot be installed */
export const ensurePackages = (needed: Readonly<Record<string, string>>): void => {
  const missing = Object.keys(needed).filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((path) => needed[path] ?? path))];
  const options = { stdio: 'pipe', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  try {
    try {
      execFileSync('apt-get', install, options);
    } catch {
      execFileSync('apt-get', ['update'], options);
      execFileSync('apt-get', install, options);
    }
  } catch (cause) {
    throw new Error(`These tests need packages that could not be installed: apt-get install ${packages.join(' ')}`, {
      cause,
    });
  }
};
