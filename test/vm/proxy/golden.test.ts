// Runs the whole kube-proxy in ipvs mode on a real kernel and compares the result with the recordings of the original.
import { describe, expect, test } from 'vitest';
import { goldenClusterCidrs, goldenServices, goldenSlices } from '../../support/proxy/golden.ts';
import {
  comparableAddresses,
  comparableServers,
  comparableSets,
  comparableTable,
  goldenAddresses,
  goldenServers,
  goldenSets,
  goldenTable,
} from '../../support/proxy/ipvs/golden.ts';
import { type Backend, put, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

const node = {
  plural: 'nodes' as const,
  object: {
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.123.0.11' }] },
  },
};

/** The other tests of ipvs mode use iptables-nft, so only the long tests compare with it here, too. */
const backends: readonly Backend[] = isLong ? ['nft', 'legacy'] : ['legacy'];

describe.each(backends)('with iptables-%s', (backend) => {
  test('writes the same servers, sets, addresses and rules as kube-proxy v1.36.2', async () => {
    await using world = await World.create(backend);
    for (const line of ['link add node type dummy', 'link set node up', 'address add 10.123.0.11/24 dev node']) {
      world.exec('ip', ...line.split(' '));
    }
    await world.change(node, ...goldenServices().map(put.service), ...goldenSlices(6443).map(put.slice));
    await world.startProxy('--proxy-mode=ipvs', `--cluster-cidr=${goldenClusterCidrs.default}`);
    expect(comparableServers(world.exec('ipvsadm', '-Sn'))).toEqual(goldenServers());
    expect(comparableSets(world.exec('ipset', 'save'))).toEqual(goldenSets());
    const link = world.exec('ip', 'address', 'show', 'dev', 'kube-ipvs0');
    expect(comparableAddresses(link)).toEqual(goldenAddresses());
    expect(link).toMatch(/<BROADCAST,NOARP> .* state DOWN/);
    for (const [tool, table, file] of [
      ['iptables-save', 'nat', 'nat'],
      ['iptables-save', 'filter', 'filter'],
      ['ip6tables-save', 'nat', 'nat-v6'],
      ['ip6tables-save', 'filter', 'filter-v6'],
    ] as const) {
      expect(comparableTable(world.save(tool, '-t', table)), file).toEqual(goldenTable(file));
    }
    for (const name of ['conntrack', 'expire_nodest_conn', 'expire_quiescent_template']) {
      expect(world.exec('cat', `/proc/sys/net/ipv4/vs/${name}`).trim(), name).toBe('1');
    }
    expect(world.get('http://127.0.0.1:10249/proxyMode')).toBe('ipvs');
    expect(world.log()).toMatch(/"Using ipvs Proxier"/);
    expect(world.log().match(/^[EW](?!.*nodePortAddresses is unset).*/gm), 'nothing goes wrong').toBeNull();
  });
});
