import type { ContainerSpec } from '../../../../src/node/kubelet/runtime/runtime.ts';
import { createFakeRuntime } from '../../../support/fake-runtime.ts';
import { type Remote, runtimeContract } from '../../../support/runtime-suite.ts';

runtimeContract('in memory', async () => {
  const program = ({ args }: ContainerSpec) => (args[0] === 'false' ? { code: 1, afterMs: 0 } : undefined);
  const fake = createFakeRuntime({ program });
  const call =
    (name: string) =>
    async (...args: unknown[]) =>
      (fake[name as keyof typeof fake] as (...args: unknown[]) => unknown)(...args);
  const runtime = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : call(String(name))) }) as Remote;
  return { runtime, restartNode: async () => fake.restartNode() };
});
