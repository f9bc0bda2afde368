// Installs the Debian packages that tests need and that a fresh machine lacks.
import { existsSync } from 'node:fs';
import { installPackages } from '../../src/host/setup/engine.ts';
import { thisMachine } from '../../src/host/setup/machine.ts';
import { messageOf } from '../../src/kit/error.ts';

/**
 * Waits for an apt that runs already, because the tiers run side by side.
 * @param needed program → Debian package. @throws Error with the packages' names when they cannot be installed
 */
export const ensurePackages = async (needed: Readonly<Record<string, string>>): Promise<void> => {
  const missing = (): string[] => Object.keys(needed).filter((path) => !existsSync(path));
  const programs = missing();
  if (programs.length === 0) return;
  const packages = [...new Set(programs.map((path) => needed[path] ?? path))];
  const failure = await installPackages(thisMachine(process.env), { packages, programs }, {}).catch(messageOf);
  if (missing().length === 0) return;
  throw new Error(`These tests need packages that could not be installed: ${packages.join(' ')}\n${failure ?? ''}`);
};
