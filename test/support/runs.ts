// The number of random cases of a test. `npm test` tries a few cases, `npm run test:long` ten times as many.

/** `npm run test:long` sets TEST_LONG. vitest.config.ts multiplies the timeouts by the same factor. */
export const longFactor = Number(process.env.TEST_LONG ?? 1);

/** @param usual how many cases `npm test` tries. A test file that calls this also runs in `npm run test:long`. */
export const runs = (usual: number): number => usual * longFactor;
