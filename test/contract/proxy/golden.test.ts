// Runs the whole kube-proxy on a real kernel and compares its rules with the recorded ones of the original.
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  comparable,
  goldenClusterCidrs,
  goldenServices,
  goldenSlices,
  goldenText,
} from '../../support/proxy/golden.ts';
import { type Backend, put, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

const nfacct = ((): boolean => {
  try {
    execFileSync('nfacct', ['list'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const node = {
  plural: 'nodes' as const,
  object: {
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.123.0.11' }] },
  },
};

const files = [
  ['iptables-save', 'nat', 'nat'],
  ['iptables-save', 'filter', 'filter'],
  ['iptables-save', 'mangle', 'mangle'],
  ['ip6tables-save', 'nat', 'nat-v6'],
  ['ip6tables-save', 'filter', 'filter-v6'],
  ['ip6tables-save', 'mangle', 'mangle-v6'],
] as const;

if (!nfacct) test.skip('compares the recorded nfacct rules (`nfacct list` fails on this machine)');

describe.each(['default', 'nocidr'] as const)('with the flags of recording %s', (configuration) => {
  // Both flavours get the same input, so only the long tests compare each recording with both.
  const backends: readonly Backend[] = isLong ? ['nft', 'legacy'] : [configuration === 'default' ? 'nft' : 'legacy'];
  test.each(backends)('writes the same tables as kube-proxy v1.36.2, with iptables-%s', async (backend) => {
    await using world = await World.create(backend);
    await world.change(node, ...goldenServices().map(put.service), ...goldenSlices().map(put.slice));
    const cidr = goldenClusterCidrs[configuration];
    await world.startProxy('--proxy-mode=iptables', ...(cidr ? [`--cluster-cidr=${cidr}`] : []));
    for (const [tool, table, file] of files) {
      const golden = comparable(goldenText(configuration, file), nfacct);
      expect(golden.length).toBeGreaterThan(5);
      expect(comparable(world.save(tool, '-t', table), nfacct), file).toEqual(golden);
    }
    expect(world.exec('cat', '/proc/sys/net/ipv4/conf/all/route_localnet').trim()).toBe('1');
  });
});
