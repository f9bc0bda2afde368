import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { PodSpec } from '../../../../src/api/core-pods.ts';
import { volumePath } from '../../../../src/node/kubelet/container/volumes.ts';
import { excess } from '../../../../src/node/kubelet/pod/eviction.ts';
import { createFakeRuntime } from '../../../support/fake-runtime.ts';
import { containerSpecOf, sandboxSpec } from '../../../support/runtime-suite.ts';
import { container, podWith } from '../builders.ts';

const podsFolder = mkdtempSync(join(tmpdir(), 'labs-eviction-'));
afterAll(() => rmSync(podsFolder, { recursive: true, force: true }));

/** A pod whose emptyDir has a file of 100 KiB, and whose container has written 200 KiB. */
const judge = async (spec: Partial<PodSpec>, medium?: string): Promise<string | undefined> => {
  const volume = { name: 'v', emptyDir: { ...(medium ? { medium } : {}), ...spec.volumes?.[0]?.emptyDir } };
  const pod = podWith({ ...spec, volumes: [volume] }, { metadata: { uid: 'uid-web' } });
  const folder = volumePath(podsFolder, pod, volume);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), Buffer.alloc(100 * 1024, 1));
  const runtime = createFakeRuntime();
  await runtime.startContainer(containerSpecOf(await runtime.createSandbox(sandboxSpec('web'))));
  return excess(pod, { podsFolder, runtime: { ...runtime, diskUsage: async () => 200 * 1024 } });
};
const limited = (sizeLimit: string) => ({ volumes: [{ name: 'v', emptyDir: { sizeLimit } }] });
const storage = (limit: string) => ({
  containers: [container({ resources: { limits: { 'ephemeral-storage': limit } } })],
});

test.each([
  { what: 'a volume without a limit', spec: {} },
  { what: 'a volume below its limit', spec: limited('1Mi') },
  { what: 'a volume in memory, which the kernel limits', spec: limited('1Ki'), medium: 'Memory' },
  { what: 'a container below its limit', spec: storage('1Mi') },
])('a pod may stay that has $what', async ({ spec, medium }) => expect(await judge(spec, medium)).toBeUndefined());

test.each([
  { spec: limited('50Ki'), says: 'Usage of EmptyDir volume "v" exceeds the limit "50Ki". ' },
  { spec: storage('150Ki'), says: 'Container c exceeded its local ephemeral storage limit "150Ki". ' },
  {
    spec: storage('250Ki'),
    says: 'Pod ephemeral local storage usage exceeds the total limit of containers 256000. ',
  },
])('a pod must go: $says', async ({ spec, says }) => expect(await judge(spec)).toBe(says));
