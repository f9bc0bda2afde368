import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { PodSecurityContext, SecurityContext } from '../../../../src/api/core-pods.ts';
import { seccompFor } from '../../../../src/node/kubelet/container/seccomp-profile.ts';
import { defaultFilter } from '../../../../src/node/kubelet/runtime/seccomp.ts';
import { container, podWith } from '../builders.ts';

const folder = mkdtempSync(join(tmpdir(), 'labs-seccomp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'audit.json'), '{"defaultAction":"SCMP_ACT_LOG"}');
writeFileSync(join(folder, 'empty.json'), '{}');

const filterOf = async (own: SecurityContext, ofPod: PodSecurityContext = {}) =>
  (await seccompFor(podWith({ securityContext: ofPod }), container({ securityContext: own }), folder)).seccomp;

test('a container has no filter unless its security context or its pod’s asks for one', async () => {
  expect(await filterOf({})).toBeUndefined();
  expect(await filterOf({}, { seccompProfile: { type: 'RuntimeDefault' } })).toBe('default');
  expect(
    await filterOf({ seccompProfile: { type: 'Unconfined' } }, { seccompProfile: { type: 'RuntimeDefault' } }),
  ).toBeUndefined();
  expect(await filterOf({ privileged: true }, { seccompProfile: { type: 'RuntimeDefault' } })).toBeUndefined();
});

test('a profile of the node comes from a file', async () => {
  const profile = (localhostProfile: string) => filterOf({ seccompProfile: { type: 'Localhost', localhostProfile } });
  expect(await profile('audit.json')).toEqual({ defaultAction: 'SCMP_ACT_LOG' });
  await expect(profile('none.json')).rejects.toThrow(`cannot load seccomp profile "${folder}/none.json": ENOENT`);
  await expect(profile('empty.json')).rejects.toThrow('it has no defaultAction');
});

test('the default filter allows what the container’s capabilities are for', () => {
  const refused = (...capabilities: string[]) => {
    const { syscalls } = defaultFilter(new Set(capabilities), 'x64') as { syscalls?: { names: string[] }[] };
    return new Set(syscalls?.flatMap(({ names }) => names));
  };
  for (const call of ['mount', 'unshare', 'clone', 'reboot', 'keyctl']) expect(refused()).toContain(call);
  expect([...refused('SYS_ADMIN')]).not.toContain('mount');
  expect([...refused('SYS_ADMIN')]).not.toContain('clone');
  expect(refused('SYS_ADMIN')).toContain('keyctl');
});
