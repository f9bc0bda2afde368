// The kernel in memory that unit tests use behaves as the real one does for everything that kube-proxy sends it.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNetfilter, type Netfilter } from '../../../src/node/sys/netfilter.ts';
import { FakeNetfilter } from '../../unit/proxy/fake-netfilter.ts';
import { history } from '../../unit/proxy/random.ts';
import { createRig, fromScratch, replay, tables } from '../../unit/proxy/replay.ts';

const name = `lpn-${process.pid}`;
const prefix = ['ip', 'netns', 'exec', name];
const signal = new AbortController().signal;

beforeEach(() => void execFileSync('ip', ['netns', 'add', name]));
afterEach(() => void execFileSync('ip', ['netns', 'del', name]));

const flush = (): void => {
  for (const table of ['mangle', 'nat', 'filter']) {
    for (const verb of ['-F', '-X']) execFileSync('ip', ['netns', 'exec', name, 'iptables', '-t', table, verb]);
  }
};

/** Sends everything to both, and compares what they hold after each input. */
const both = (real: Netfilter, fake: FakeNetfilter): Netfilter => ({
  save: (abort) => real.save(abort),
  restore: async (input, abort) => {
    await real.restore(input, abort);
    await fake.restore(input);
    expect(tables(await real.save(abort))).toEqual(tables(await fake.save()));
  },
  hasChain: (table, chain, abort) => real.hasChain(table, chain, abort),
});

test('random histories leave the same rules in both, and those of a proxy starting now', async () => {
  const real = createNetfilter('IPv4', prefix);
  let inputs = 0;
  await fc.assert(
    fc.asyncProperty(history(false), async (events) => {
      flush();
      const fake = new FakeNetfilter();
      const rig = createRig(both(real, fake));
      const objects = await replay(events, rig);
      inputs += fake.inputs.length;
      const incremental = tables(await real.save(signal));
      flush();
      await fromScratch(objects, real, rig.node);
      expect(incremental).toEqual(tables(await real.save(signal)));
    }),
    { numRuns: 40 },
  );
  expect(inputs).toBeGreaterThan(40);
});

test('both refuse to delete a rule that is not there, and then change nothing', async () => {
  const real = createNetfilter('IPv4', prefix);
  const fake = new FakeNetfilter();
  const good = '*nat\n:KUBE-A - [0:0]\n-A KUBE-A -j RETURN\nCOMMIT\n';
  const bad = '*nat\n:KUBE-B - [0:0]\n-A KUBE-B -j RETURN\n-D KUBE-A -j ACCEPT\nCOMMIT\n';
  for (const kernel of [real, fake]) {
    await kernel.restore(good, signal);
    await expect(kernel.restore(bad, signal)).rejects.toThrow();
    expect(await kernel.hasChain('nat', 'KUBE-A', signal)).toBe(true);
    expect(await kernel.hasChain('nat', 'KUBE-B', signal)).toBe(false);
  }
});

test('both refuse to delete a chain that is in use, and a jump to a chain that is not there', async () => {
  const real = createNetfilter('IPv4', prefix);
  const fake = new FakeNetfilter();
  for (const kernel of [real, fake]) {
    await kernel.restore('*nat\n:KUBE-A - [0:0]\n:KUBE-B - [0:0]\n-A KUBE-A -j KUBE-B\nCOMMIT\n', signal);
    await expect(kernel.restore('*nat\n:KUBE-B - [0:0]\n-X KUBE-B\nCOMMIT\n', signal)).rejects.toThrow();
    await expect(kernel.restore('*nat\n-A KUBE-A -j KUBE-C\nCOMMIT\n', signal)).rejects.toThrow();
    expect(await kernel.hasChain('nat', 'KUBE-B', signal)).toBe(true);
  }
});
