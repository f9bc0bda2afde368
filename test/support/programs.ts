// Where the programs are that tests start. `npm test` bundles them, because a bundle starts in half the time.
import { join } from 'node:path';
import { components } from '../../scripts/lib/components.ts';

/** Name → source in this folder. */
export const programs = {
  'api-stub': 'api-stub.ts',
  peer: 'proxy/peer.ts',
  'userspace-peer': 'proxy/userspace-peer.ts',
} as const;

/** Path of a program of the tests: its bundle in the folder TEST_PROGRAMS, or else its source. */
export const testProgram = (name: keyof typeof programs): string =>
  process.env.TEST_PROGRAMS
    ? join(process.env.TEST_PROGRAMS, `${name}.cjs`)
    : join(import.meta.dirname, programs[name]);

/**
 * Path of a program of nodes: its bundle in the folder TEST_COMPONENTS, or else its source.
 * @param folder in src/node
 */
export const component = (folder: keyof typeof components): string =>
  process.env.TEST_COMPONENTS
    ? join(process.env.TEST_COMPONENTS, `${components[folder]}.js`)
    : join(import.meta.dirname, '../../src/node', folder, 'main.ts');
