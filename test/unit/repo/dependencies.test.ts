import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cruise } from '../../../scripts/lib/dependencies.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

describe('the dependency rules', () => {
  test('hold in src', { timeout: 60_000 }, async () => {
    const { modules, violations } = await cruise(path('../../../'));
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThan(50);
  });

  test('report each deliberately illegal import', { timeout: 30_000 }, async () => {
    const { violations } = await cruise(path('../../fixtures/illegal-import'));
    for (const illegal of [
      'src/kit/imports-api.ts → src/api/address.ts (kit-imports-nothing)',
      'src/host/plan/imports-node.ts → src/node/proxy/rules.ts (host-imports-api-kit-dataplane)',
      'src/node/proxy/rules.ts → src/host/plan/imports-node.ts (node-imports-api-and-kit)',
      'src/node/kubelet/imports-proxy.ts → src/node/proxy/rules.ts (components-keep-apart)',
      'src/node/kubelet/runtime/imports-pod.ts → src/node/kubelet/pod/plan.ts (kubelet-runtime-imports-lower-rooms)',
      'src/node/kubelet/pod/plan.ts → child_process (only-sys-starts-programs)',
      'src/node/proxy/ipvs/imports-iptables.ts → src/node/proxy/iptables/names.ts (proxy-modes-keep-apart)',
    ])
      expect(violations).toContain(illegal);
    expect(violations.join('\n')).toContain('(only-docker-imports-dockerode)');
    expect(violations.join('\n')).toContain('(no-circular)');
  });

  test('fail if there is no module to check', { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-modules-'));
    try {
      mkdirSync(join(folder, 'src'));
      writeFileSync(join(folder, 'tsconfig.json'), '{}');
      writeFileSync(join(folder, 'elsewhere.ts'), 'export {};');
      await expect(cruise(folder)).rejects.toThrow('read no module');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
