// Four projects: `unit` needs nothing, `contract` needs root and the kernel, `e2e` needs Docker and the node image, `vm` the virtual
// machine of scripts/vm-test.ts, whose kernel can do more.
import { defineConfig } from 'vitest/config';

const project = (name: string, options: { timeout: number; parallel: boolean; setup?: string; also?: string[] }) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`, ...(options.also ?? [])],
    testTimeout: options.timeout,
    hookTimeout: options.timeout,
    fileParallelism: options.parallel,
    globalSetup: options.setup ? [options.setup] : [],
  },
});

export default defineConfig({
  test: {
    passWithNoTests: false,
    retry: 0,
    projects: [
      project('unit', { timeout: 10_000, parallel: true }),
      project('contract', { timeout: 60_000, parallel: false, setup: 'test/contract/setup.ts' }),
      project('vm', {
        timeout: 180_000,
        parallel: false,
        setup: 'test/vm/setup.ts',
        also: ['packets', 'packets-change', 'packets-churn', 'kills', 'switches'].map(
          (name) => `test/contract/proxy/${name}.test.ts`,
        ),
      }),
      project('e2e', { timeout: 300_000, parallel: false }),
    ],
  },
});
