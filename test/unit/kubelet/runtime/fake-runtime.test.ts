import { createFakeRuntime } from '../../../support/fake-runtime.ts';
import { type Remote, runtimeContract } from '../../../support/runtime-suite.ts';

runtimeContract('in memory', async () => {
  const fake = createFakeRuntime();
  const call =
    (name: string) =>
    async (...args: unknown[]) =>
      (fake[name as keyof typeof fake] as (...args: unknown[]) => unknown)(...args);
  return new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : call(String(name))) }) as Remote;
});
