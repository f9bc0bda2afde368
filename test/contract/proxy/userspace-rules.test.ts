// The rules of userspace mode in the real kernel: compared with the fake kernel, and repaired after damage.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNetfilter, toolOf } from '../../../src/node/sys/netfilter.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { eventfulHistory, history } from '../../support/proxy/random.ts';
import { replay } from '../../support/proxy/replay.ts';
import { createUserspaceRig, testPlace, testPlace6 } from '../../support/proxy/userspace/rig.ts';
import { put, World } from '../../support/proxy/world.ts';
import { isLong, runs } from '../../support/runs.ts';
import { both } from './both.ts';

const signal = new AbortController().signal;

test.each([
  ['IPv4', testPlace],
  ['IPv6', testPlace6],
] as const)(
  'writes the same %s rules to the kernel and to the fake after random histories, and sees no damage',
  async (family, place) => {
    await using world = await World.create();
    const tool = toolOf(family, 'default');
    const real = createNetfilter(family, ['nsenter', `--net=/run/netns/${world.name}`], 'nft');
    let inputs = 0;
    await fc.assert(
      fc.asyncProperty(history(false, family), async (events) => {
        for (const table of ['nat', 'filter']) for (const verb of ['-F', '-X']) world.exec(tool, '-t', table, verb);
        const fake = new FakeNetfilter();
        const rig = createUserspaceRig(() => both(real, fake), place);
        await replay(events, rig);
        inputs += fake.inputs.length;
        expect(await rig.backend.damaged(signal)).toBe(false);
      }),
      { numRuns: runs(5), examples: [[eventfulHistory(family)]] },
    );
    expect(inputs).toBeGreaterThan(1);
  },
);

/** A service that needs each kind of rule. */
const web = put.service({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.20',
    clusterIPs: ['10.96.0.20', 'fd00:96::20'],
    externalIPs: ['203.0.113.7', '2001:db8::7'],
    externalTrafficPolicy: 'Local',
    loadBalancerSourceRanges: ['198.51.100.0/24', '2001:db8:1::/64'],
    ports: [
      { name: 'p', port: 80, nodePort: 30080 },
      { name: 'q', port: 80, nodePort: 30080, protocol: 'UDP' },
    ],
  },
  status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }, { ip: '2001:db8::9' }] } },
});

/** kube-proxy runs the same code with both flavours, so only the long tests repeat this with legacy. */
const flavours = isLong ? (['nft', 'legacy'] as const) : (['nft'] as const);

test.each(flavours)(
  'with iptables-%s, restores deleted rules, keeps foreign rules, and writes nothing without damage',
  async (backend) => {
    await using world = await World.create(backend);
    execFileSync('ip', ['-n', world.name, 'addr', 'add', '192.168.56.11/24', 'dev', 'lo']);
    world.exec('iptables', '-t', 'nat', '-A', 'PREROUTING', '-s', '192.0.2.1', '-j', 'RETURN');
    await world.change(web);
    await world.startProxy(
      '--proxy-mode=userspace',
      '--cluster-cidr=10.244.0.0/16,fd00::/56',
      '--iptables-sync-period=100ms',
    );
    const saved = (): string =>
      `${world.save('iptables-save')}${world.save('ip6tables-save')}`.replace(/^#.*\n|\[.*\]/gm, '');
    // Counts the checks for damage: each adds a line to this file.
    const looks = join(world.folder, 'looks');
    world.shadow('iptables-save', `#!/bin/sh\necho >> ${looks}\nexec /usr/sbin/iptables-${backend}-save "$@"\n`);
    const lookCount = (): number => readFileSync(looks, 'utf8').length;
    const syncs = (): number => world.log().match(/SyncProxyRules complete/g)?.length ?? 0;
    const before = saved();
    const damages = [
      ['iptables', '-t', 'nat', '-F', 'KUBE-PORTALS-CONTAINER'],
      ['ip6tables', '-t', 'nat', '-F', 'KUBE-NODEPORT-HOST'],
      ['iptables', '-F', 'KUBE-PORTALS-FIREWALL'],
      ['iptables', '-t', 'nat', '-D', 'OUTPUT', '1'],
      ['ip6tables', '-D', 'INPUT', '1'],
    ];
    for (const damage of damages) {
      world.exec(...damage);
      await world.until(`${damage.join(' ')} is repaired`, () => saved() === before, saved);
    }
    let quiet = { since: lookCount(), syncs: syncs() };
    await world.until('four checks found no damage', () => {
      if (syncs() !== quiet.syncs) quiet = { since: lookCount(), syncs: syncs() };
      return lookCount() - quiet.since >= 4;
    });
    expect(before).toContain('-A PREROUTING -s 192.0.2.1/32 -j RETURN');
  },
);
