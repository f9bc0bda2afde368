// Bundles the API stub (test/support/api-stub.ts). Tests start it often, and a bundle starts in half the time of the
// sources.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './vitest.ts';

/** Path of the bundle in the checkout. Tests use the file that TEST_API_STUB names, or else the sources. */
export const apiStubBundle = 'out/api-stub.cjs';

export const bundleApiStub = async (): Promise<void> => {
  const outfile = join(root, apiStubBundle);
  // Two runs at once may bundle the stub, so the file appears as a whole.
  const temporary = `${outfile}.${process.pid}`;
  await build({
    entryPoints: [join(root, 'test/support/api-stub.ts')],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'warning',
  });
  await rename(temporary, outfile);
};
