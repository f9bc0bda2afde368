// Random histories in userspace mode, with the fake kernel and fake ports.
import { expect, test } from 'vitest';
import { FakeNetfilter } from '../../../support/proxy/fake-netfilter.ts';
import { incrementalSuite } from '../../../support/proxy/incremental-suite.ts';
import type { FakePorts } from '../../../support/proxy/userspace/fake-ports.ts';
import { comparable, createUserspaceRig } from '../../../support/proxy/userspace/rig.ts';

const signal = new AbortController().signal;

/** Expects, before and after each write, that a process listens on every port that a rule redirects to. */
class WatchedNetfilter extends FakeNetfilter {
  ports: FakePorts | undefined;

  override async restore(input: string): Promise<void> {
    await this.expectListeners();
    await super.restore(input);
    await this.expectListeners();
  }

  async expectListeners(): Promise<void> {
    for (const { protocol, port, line } of targets(await this.save())) {
      expect(this.ports?.isOpen(protocol, port), line).toBe(true);
    }
  }
}

const targets = (saved: string): { protocol: string; port: number; line: string }[] =>
  saved.split('\n').flatMap((line) => {
    const port = /--to-ports (\d+)|--to-destination \S+:(\d+)/.exec(line);
    const protocol = /-p (\w+)/.exec(line)?.[1]?.toUpperCase() ?? '';
    return port ? [{ protocol, port: Number(port[1] ?? port[2]), line }] : [];
  });

/** Open ports with the endpoints behind them. */
const listeners = ({ bound }: FakePorts): string[] =>
  [...bound]
    .map(
      ({ protocol, address, port, relay }) => `${protocol} ${address} ${port < 40_000 ? port : ''} ${relay.endpoints}`,
    )
    .sort();

const create = () => {
  const kernel = new WatchedNetfilter();
  const rig = createUserspaceRig((ports) => {
    kernel.ports = ports;
    return kernel;
  });
  const state = async () => ({ rules: comparable(await kernel.save()), listeners: listeners(rig.ports) });
  return { kernel, rig, state };
};

incrementalSuite({
  create,
  afterHistory: async ({ kernel, rig }) => {
    await kernel.expectListeners();
    expect(await rig.backend.damaged(signal)).toBe(false);
  },
  afterIdleSync: ({ rig }) => {
    rig.backend.close();
    expect(listeners(rig.ports), 'after closing').toEqual([]);
  },
});

test('a missing, duplicate or foreign rule in a chain of kube-proxy is damage, and a foreign rule in another chain is not', async () => {
  const { rig, kernel } = create();
  rig.proxier.onService(undefined, {
    metadata: { name: 'web', namespace: 'r' },
    spec: { type: 'NodePort', clusterIP: '10.96.0.20', ports: [{ port: 80, nodePort: 30080 }] },
  });
  await rig.sync();
  const [rule = ''] = /^-A KUBE-PORTALS-HOST .*$/m.exec(await kernel.save()) ?? [];
  const damage = async (line: string): Promise<boolean> => {
    await kernel.restore(`*nat\n${line}\nCOMMIT\n`);
    const damaged = await rig.backend.damaged(signal);
    rig.proxier.forceFull();
    await rig.sync();
    expect(await rig.backend.damaged(signal)).toBe(false);
    return damaged;
  };
  expect(await damage(rule.replace('-A', '-D'))).toBe(true);
  expect(await damage(rule)).toBe(true);
  expect(await damage('-A KUBE-NODEPORT-HOST -j RETURN')).toBe(true);
  expect(await damage('-A PREROUTING -s 192.0.2.1/32 -j RETURN')).toBe(false);
  expect(await kernel.save()).toContain('-A PREROUTING -s 192.0.2.1/32 -j RETURN');
});
