// Sends the packet cases through the real kernel in every proxy mode: which endpoint answers, and which source it sees.
import { beforeAll, describe, expect, test } from 'vitest';
import { expectCase } from '../../support/proxy/expect-packet.ts';
import { leftOut, type ModeName, modes } from '../../support/proxy/modes.ts';
import { cases, type PacketCase } from '../../support/proxy/packet-cases.ts';
import { sketches } from '../../support/proxy/packet-services.ts';
import { changesOf } from '../../support/proxy/sketch.ts';
import { nodeObject, type Topology } from '../../support/proxy/topology.ts';
import { useTopology } from '../../support/proxy/use-topology.ts';
import { isLong } from '../../support/runs.ts';

const families = ['IPv4', 'IPv6'] as const;
const modeNames: readonly ModeName[] = ['iptables-nft', 'iptables-legacy', 'nftables', 'userspace', 'ipvs'];

/** Whether the mode has another outcome by design. */
const isSpecial = (mode: ModeName, { except }: PacketCase): boolean => except?.[mode] !== undefined;
const isFirstOfName = ({ name }: PacketCase, index: number): boolean =>
  cases.findIndex((each) => each.name === name) === index;

/**
 * Each case runs in each mode, and over each family in half of the modes. A case that is special in a mode runs over
 * both families there. ipvs mode runs in a slow machine: of several cases with one name, only the first and the
 * special cases run. The long tests run every combination.
 */
const rowsOf = (mode: ModeName) =>
  cases.flatMap((packet, index) => {
    const one = families[(index + modeNames.indexOf(mode)) % 2];
    const complete = isLong || isSpecial(mode, packet);
    if (mode === 'ipvs' && !complete && !isFirstOfName(packet, index)) return [];
    return families
      .filter((family) => (packet.only === undefined ? complete || family === one : family === packet.only))
      .map((family) => {
        const { name, from, to, by } = packet;
        return [`${name} (${from} → ${to}, ${by}, ${family})`, packet, family] as const;
      });
  });

/** A slow machine gets fewer connections. */
const connections = Math.round((isLong ? 2000 : 400) / Number(process.env.TEST_PATIENCE ?? 1));

for (const { name, lack } of leftOut) test.skip(`mode ${name} (this machine lacks ${lack})`);

const topologyFor = useTopology();

describe.each(modes)('in mode $name', ({ name: mode, backend, flag }) => {
  let topology: Topology;

  beforeAll(async () => {
    topology = await topologyFor(backend);
    await topology.world.change(nodeObject, ...sketches.flatMap(changesOf));
    await topology.startProxy(flag, '--cluster-cidr=10.244.0.0/16,fd00:244::/32');
  });

  test.concurrent.each(rowsOf(mode))('%s', (_title, packet, family) =>
    expectCase(topology, sketches, packet, { mode, family }),
  );

  test.each([
    ['IPv4', '10.96.1.1'],
    ['IPv6', 'fd00:96::1'],
  ] as const)(`spreads ${connections} connections evenly over two endpoints (χ² test, %s)`, async (_family, host) => {
    const answers = await topology.ask('outside', { kind: 'tcp', host, port: 80 }, connections);
    const counts = Map.groupBy(answers, ({ at }) => at ?? 'nobody');
    expect(counts.size).toBe(2);
    const half = connections / 2;
    const chiSquare = [...counts.values()].reduce((sum, { length }) => sum + (length - half) ** 2 / half, 0);
    // One degree of freedom: an even distribution exceeds this value once in a million runs.
    expect(chiSquare).toBeLessThan(23.9);
  });
});
