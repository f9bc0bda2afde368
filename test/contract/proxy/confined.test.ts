// Runs kube-proxy as its DaemonSet does: first a privileged `--init-only`, then only the capabilities of the manifest
// and a read-only /proc/sys.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kubeProxy, put, World } from '../../support/proxy/world.ts';

const root = join(import.meta.dirname, '../../..');
const manifest = readFileSync(join(root, 'deploy/kube-proxy/kube-proxy.yaml'), 'utf8');
const granted = (/add: \[([A-Z_, ]+)\]/.exec(manifest)?.[1] ?? '').split(', ').map((name) => name.toLowerCase());

const service = put.service({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.20',
    ports: [{ port: 80, nodePort: 30080 }],
    sessionAffinity: 'ClientIP',
  },
});
const slice = put.slice({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: '', protocol: 'TCP', port: 8080 }],
  endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true } }],
});

/** Starts a program with the manifest's capabilities. A separate mount namespace makes /proc/sys read-only. */
const confine = (world: World, argv: readonly string[]): ChildProcess => {
  const capabilities = ['-all', ...granted.map((name) => `+${name}`)].join(',');
  const script = 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$@"';
  const setpriv = ['setpriv', '--no-new-privs', `--bounding-set=${capabilities}`];
  return spawn(
    'ip',
    ['netns', 'exec', world.name, 'unshare', '-m', 'sh', '-c', script, 'sh', ...setpriv, process.execPath, ...argv],
    { stdio: 'ignore', env: { ...process.env, PATH: `${join(world.folder, 'bin')}:${process.env.PATH}` } },
  );
};

/** Warnings about missing configuration: this world has no Node object. They do not depend on capabilities. */
const aboutConfiguration = /No addresses in the Node object yet|configuration may be incomplete/;

test.each([
  { mode: 'iptables', backend: 'nft', saved: ['iptables-save'] },
  { mode: 'iptables', backend: 'legacy', saved: ['iptables-save'] },
  { mode: 'nftables', backend: 'nft', saved: ['nft', 'list', 'ruleset'] },
  { mode: 'userspace', backend: 'nft', saved: ['iptables-save'] },
] as const)('runs $mode mode ($backend) without a privileged container', async ({ mode, backend, saved }) => {
  expect(granted.length).toBeGreaterThan(1);
  await using world = await World.create(backend);
  await world.change(service, slice);
  const flags = ['--kubeconfig', join(world.folder, 'kubeconfig'), '--hostname-override=n1', `--proxy-mode=${mode}`];
  world.exec(process.execPath, kubeProxy, ...flags, '--init-only');
  expect(world.exec(...saved), '--init-only writes no rules').not.toContain('10.96.0.20');
  const log = `--log-file=${join(world.folder, 'kube-proxy.log')}`;
  const proxy = confine(world, [kubeProxy, ...flags, '--cluster-cidr=10.244.0.0/16', '-v=2', log]);
  try {
    await world.until(
      'the rules are in the kernel',
      () => world.exec(...saved).includes('10.96.0.20') && world.healthCode('/livez') === 200,
      () => world.log(),
    );
    const [, effective = ''] = /^CapEff:\s+(\w+)$/m.exec(readFileSync(`/proc/${proxy.pid}/status`, 'utf8')) ?? [];
    // CAP_NET_ADMIN and CAP_NET_RAW. CAP_SYS_RESOURCE (bit 24) is optional, because not every machine can grant it.
    expect(BigInt(`0x${effective}`) & ~(1n << 24n)).toBe((1n << 12n) | (1n << 13n));
    const complaints = world.log().match(/^[WE]\d{4}.*$/gm) ?? [];
    expect(complaints.filter((line) => !aboutConfiguration.test(line))).toEqual([]);
    expect(world.log()).not.toContain('Kernel setting left as it is');
  } finally {
    await world.stop(proxy, 'SIGKILL');
  }
});
