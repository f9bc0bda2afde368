// Takes the place of the package `vitest` in the virtual machine: vitest's own test functions and its `expect`, without
// its bundler and its command line, which need a minute of processor time there. Mocks (`vi`) and snapshots are
// missing.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  type ExpectStatic,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';

// biome-ignore lint/performance/noBarrelFile: it takes the place of a package
export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@vitest/runner';

const createExpect = (): ExpectStatic => {
  for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
  const matchers = (globalThis as Record<symbol, unknown>)[ASYMMETRIC_MATCHERS_OBJECT];
  const about = (value: unknown, message?: string) => chai.expect(value, message);
  const created = Object.assign(about, chai.expect, matchers) as unknown as ExpectStatic;
  // The matchers look for it there.
  Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: created });
  return created;
};

export const expect = createExpect();
