// The number of random cases of a test. `npm test` tries a few cases, `npm run test:long` ten times as many.

import fc from 'fast-check';

/** `npm run test:long` sets TEST_LONG. vitest.config.ts multiplies the timeouts by the same factor. */
export const longFactor = Number(process.env.TEST_LONG ?? 1);

/** Whether the long tests run. They also try the repetitions that `npm test` leaves out. */
export const isLong = longFactor > 1;

/** @param usual how many cases `npm test` tries. A test file that calls this also runs in `npm run test:long`. */
export const runs = (usual: number): number => usual * longFactor;

/** With TEST_MINUTES=30, each fuzz runs for this long. vitest.config.ts adds it to the timeouts. */
export const fuzzMinutes = Number(process.env.TEST_MINUTES ?? 0);

/** Checks arbitrary values. @param usual how many cases `npm test` tries */
export const fuzz = async <T>(
  usual: number,
  values: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> => {
  let cases = 0;
  const property = fc.asyncProperty(values, async (value) => {
    await check(value);
    cases += 1;
  });
  const limit = { interruptAfterTimeLimit: fuzzMinutes * 60_000, markInterruptAsFailure: false };
  await fc.assert(
    property,
    fuzzMinutes > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, ...limit } : { numRuns: runs(usual) },
  );
  if (cases === 0) throw new Error('no case was tried');
  if (fuzzMinutes > 0) process.stderr.write(`${cases} cases in ${fuzzMinutes} minutes\n`);
};
