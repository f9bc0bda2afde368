// Compares the rules of iptables mode with the recordings of the original.
import { describe, expect, test } from 'vitest';
import { buildBase } from '../../../src/node/proxy/iptables/build-base.ts';
import { buildPort } from '../../../src/node/proxy/iptables/build-port.ts';
import { planFull } from '../../../src/node/proxy/iptables/plan.ts';
import { localMatch } from '../../../src/node/proxy/local-detector.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { servicePortsOf } from '../../../src/node/proxy/view/service-ports.ts';
import { readExisting } from '../../../src/node/proxy/xtables/existing.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import {
  comparable,
  goldenClusterCidrs,
  goldenEndpoints,
  goldenNode,
  goldenServices,
  goldenText,
} from '../../support/proxy/golden.ts';

const written = async (configuration: 'default' | 'nocidr', family: IpFamily): Promise<string> => {
  const clusterCidr = goldenClusterCidrs[configuration];
  const detect = { mode: 'ClusterCIDR', clusterCidr, bridgeInterface: '', interfaceNamePrefix: '' } as const;
  const options = {
    family,
    node: goldenNode,
    local: localMatch(detect, goldenNode, family),
    masqueradeAll: false,
    countLocalhostNodePorts: true,
    endpointComments: true,
  };
  const ports = goldenServices()
    .flatMap((service) => servicePortsOf(service, family))
    .map((port) => buildPort(port, goldenEndpoints(port, family), options));
  const base = buildBase({
    family,
    masqueradeMark: 0x4000,
    localhostNodePorts: true,
    nodePortAddresses: 'all',
    conntrackTcpBeLiberal: false,
    nfacct: true,
  });
  const kernel = new FakeNetfilter();
  for (const { input } of planFull(base, ports, readExisting(''))) await kernel.restore(input);
  return kernel.save();
};

const tableOf = (text: string, table: string): string =>
  text.slice(text.indexOf(`*${table}\n`), text.indexOf('COMMIT\n', text.indexOf(`*${table}\n`)) + 7);

describe.each(['default', 'nocidr'] as const)('for the recorded objects, configuration %s,', (configuration) => {
  test.each([
    ['nat', 'IPv4', 'nat'],
    ['filter', 'IPv4', 'filter'],
    ['mangle', 'IPv4', 'mangle'],
    ['nat', 'IPv6', 'nat-v6'],
    ['filter', 'IPv6', 'filter-v6'],
    ['mangle', 'IPv6', 'mangle-v6'],
  ] as const)('table %s of %s equals that of the original', async (table, family, file) => {
    const golden = comparable(goldenText(configuration, file), true);
    expect(golden.length).toBeGreaterThan(5);
    expect(comparable(tableOf(await written(configuration, family), table), true)).toEqual(golden);
  });
});
