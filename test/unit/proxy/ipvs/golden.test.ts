// Compares the output of ipvs mode with the recordings of the original.
import { describe, expect, test } from 'vitest';
import { buildPort } from '../../../../src/node/proxy/ipvs/build-port.ts';
import { buildRules, jumps } from '../../../../src/node/proxy/ipvs/build-rules.ts';
import { compareAll, serverLines, setLines } from '../../../../src/node/proxy/ipvs/plan.ts';
import { Wanted } from '../../../../src/node/proxy/ipvs/wanted.ts';
import { localMatch } from '../../../../src/node/proxy/local-detector.ts';
import type { IpFamily } from '../../../../src/node/proxy/types.ts';
import { servicePortsOf } from '../../../../src/node/proxy/view/service-ports.ts';
import { ruleText } from '../../../../src/node/proxy/xtables/rule.ts';
import {
  goldenClusterCidrs,
  goldenEndpoints,
  goldenNode,
  goldenServices,
  goldenSlices,
} from '../../../support/proxy/golden.ts';
import {
  comparableSets,
  comparableTable,
  goldenAddresses,
  goldenServers,
  goldenSets,
  goldenTable,
} from '../../../support/proxy/ipvs/golden.ts';

const nothing = { servers: [], sets: new Map(), addresses: [] };

const wantedFor = (family: IpFamily): Wanted => {
  const wanted = new Wanted();
  const own = family === 'IPv4' ? ['10.123.0.11'] : [];
  const options = { node: goldenNode, scheduler: 'rr', machineAddresses: own, nodePortAddresses: own };
  for (const port of goldenServices().flatMap((service) => servicePortsOf(service, family))) {
    wanted.replace(port.key, buildPort(port, goldenEndpoints(port, family, goldenSlices(6443)), options));
  }
  return wanted;
};

const changes = compareAll(wantedFor('IPv4'), nothing, { excluded: [], thorough: true });

describe('for the recorded objects', () => {
  test('virtual servers and their endpoints equal those of the original', () => {
    const { open, close } = serverLines(changes.servers);
    expect(open.sort()).toEqual(goldenServers());
    expect(close).toEqual([]);
  });

  test('sets and their members equal those of the original', () => {
    const v6 = compareAll(wantedFor('IPv6'), nothing, { excluded: [], thorough: true });
    const lines = [...setLines(changes, 'IPv4').open, ...setLines(v6, 'IPv6').open];
    // The kernel adds its default bucketsize to hash sets.
    const shown = lines.map((line) => (line.includes(' hashsize ') ? `${line} bucketsize 12` : line));
    expect(comparableSets(shown.join('\n'))).toEqual(goldenSets());
  });

  test('addresses on the link equal those of the original', () => {
    expect(goldenAddresses().length).toBeGreaterThan(30);
    expect(changes.addresses.add.map((address) => `${address}/32 global`).sort()).toEqual(goldenAddresses());
  });

  test.each([
    ['nat', 'IPv4', 'nat'],
    ['filter', 'IPv4', 'filter'],
    ['nat', 'IPv6', 'nat-v6'],
    ['filter', 'IPv6', 'filter-v6'],
  ] as const)('table %s of %s equals that of the original', (table, family, file) => {
    const clusterCidr = goldenClusterCidrs.default;
    const detect = { mode: 'ClusterCIDR', clusterCidr, bridgeInterface: '', interfaceNamePrefix: '' } as const;
    const { filled, keptFromNode } = wantedFor(family);
    const chains = buildRules({
      ...{ family, masqueradeMark: 0x4000, masqueradeAll: false, foreign: new Set() },
      local: localMatch(detect, goldenNode, family),
      ...{ filled, keptFromNode },
    }).filter((chain) => chain.table === table);
    const own = jumps.filter((jump) => jump.table === table);
    const text = [
      ...chains.map(({ name }) => `:${name} - [0:0]`),
      ...[...own.map(({ chain, rule }) => `-A ${chain} ${ruleText(rule)}`)],
      ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${ruleText(rule)}`)),
    ].join('\n');
    const golden = goldenTable(file).filter((line) => !/^(:[A-Z]+ |\*|COMMIT)/.test(line));
    expect(golden.length).toBeGreaterThan(10);
    expect(comparableTable(text)).toEqual(golden);
  });
});
