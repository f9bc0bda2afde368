// The model of a node against IPVS in the kernel, which few machines have.
import { expect, test } from 'vitest';
import { Ground, type Probe, type RuleSet } from '../../support/dataplane/ground.ts';
import { compareRuleSet, newTally } from '../../support/dataplane/run.ts';

const services = [
  '-A -t 10.0.0.3:80 -s rr',
  '-a -t 10.0.0.3:80 -r 10.1.0.9:8080 -m -w 1',
  '-a -t 10.0.0.3:80 -r 10.2.0.9:8080 -m -w 1',
  '-A -u 10.0.0.3:53 -s wrr',
  '-a -u 10.0.0.3:53 -r 10.1.0.9:53 -m -w 3',
  '-a -u 10.0.0.3:53 -r 10.2.0.9:53 -m -w 0',
  '-A -t 10.0.0.3:81 -s rr',
].join('\n');
const masquerade = '*nat\n:POSTROUTING ACCEPT\n-A POSTROUTING -d 10.1.0.0/24 -j MASQUERADE\nCOMMIT\n';
const drop =
  '*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n-A INPUT -s 10.2.0.9/32 -j DROP\n-A OUTPUT -d 10.2.0.9/32 -j DROP\nCOMMIT\n';
const keeps = ['net.ipv4.vs.conntrack=1'];

const sets: readonly RuleSet[] = [
  { name: 'services', ipvs: services, sysctls: keeps },
  { name: 'masquerade', ipvs: services, iptables: masquerade, sysctls: keeps },
  { name: 'filter', ipvs: services, iptables: drop, sysctls: keeps },
];

const probes = (['tcp', 'udp'] as const).flatMap((protocol) =>
  ['10.0.0.3', '10.0.0.1', '10.1.0.9'].flatMap((destination) =>
    [80, 81, 53].flatMap((destinationPort) =>
      [
        ['10.1.0.77', 'e1'],
        ['10.2.0.9', 'e2'],
        ['192.0.2.7', 'e0'],
      ].map(([source = '', link = '']): Probe['packet'] & { link: string } => ({
        source,
        destination,
        protocol,
        destinationPort,
        sourcePort: 0,
        link,
      })),
    ),
  ),
);

test('a virtual service sends packets to its servers, past the rules that the model names', async () => {
  await using ground = await Ground.create(`model-${process.pid}`);
  const tally = newTally();
  for (const rules of sets) {
    const list = probes.map(
      ({ link, ...packet }, index): Probe => ({
        packet: { ...packet, sourcePort: 2000 + index },
        entry: { kind: 'link', link },
      }),
    );
    await compareRuleSet(ground, rules, list, tally);
  }
  expect(tally.refusals.join('\n')).toBe('');
  expect(tally.disagreements.slice(0, 4).join('\n\n')).toBe('');
  expect(tally.kinds.leaves).toBeGreaterThan(30);
  expect(tally.known).toBe(tally.packets);
});
