import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeNetfilter } from '../../../support/proxy/fake-netfilter.ts';
import { history } from '../../../support/proxy/random.ts';
import { replay, startWith } from '../../../support/proxy/replay.ts';
import type { FakePorts } from '../../../support/proxy/userspace/fake-ports.ts';
import { comparable, createUserspaceRig, type UserspaceRig } from '../../../support/proxy/userspace/rig.ts';

const signal = new AbortController().signal;

/** At every moment: whoever is led to a port of ours finds somebody listening. */
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

const create = (): { rig: UserspaceRig; kernel: WatchedNetfilter } => {
  const kernel = new WatchedNetfilter();
  const rig = createUserspaceRig((ports) => {
    kernel.ports = ports;
    return kernel;
  });
  return { rig, kernel };
};

/** What listens where, and which endpoints it leads to. */
const listeners = ({ bound }: FakePorts): string[] =>
  [...bound]
    .map(
      ({ protocol, address, port, relay }) => `${protocol} ${address} ${port < 40_000 ? port : ''} ${relay.endpoints}`,
    )
    .sort();

const run = async (events: Parameters<typeof replay>[0]): Promise<void> => {
  const { rig, kernel } = create();
  const objects = await replay(events, rig, kernel);
  await kernel.expectListeners();
  const fresh = create();
  await startWith(fresh.rig, objects, rig.node);
  expect(comparable(await kernel.save())).toEqual(comparable(await fresh.kernel.save()));
  expect(listeners(rig.ports)).toEqual(listeners(fresh.rig.ports));
  expect(await rig.backend.damaged(signal)).toBe(false);
};

test('after any history, rules and listeners are those of a proxy starting now, and no rule ever led nowhere', async () => {
  await fc.assert(fc.asyncProperty(history(false), run), { numRuns: 300 });
});

test('the same holds when restores fail in between', async () => {
  await fc.assert(fc.asyncProperty(history(true), run), { numRuns: 300 });
});

test('a sync without changes writes nothing, and closing leaves no listener', async () => {
  await fc.assert(
    fc.asyncProperty(history(false), async (events) => {
      const { rig, kernel } = create();
      await replay(events, rig);
      const before = kernel.inputs.length;
      await rig.sync();
      rig.proxier.onNode();
      await rig.sync();
      expect(kernel.inputs.slice(before)).toEqual([]);
      rig.backend.close();
      expect(listeners(rig.ports)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test('a rule that is gone, doubled or foreign in a chain of ours is damage; foreign rules elsewhere are not', async () => {
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
