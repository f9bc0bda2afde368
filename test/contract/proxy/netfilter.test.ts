// FakeNetfilter, which the unit tests use, behaves like the real kernel for all input of kube-proxy.
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChainQuery, createChainLister } from '../../../src/node/sys/chain-lister.ts';
import { createNetfilter, toolOf } from '../../../src/node/sys/netfilter.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { eventfulHistory, history } from '../../support/proxy/random.ts';
import { createRig, replay, startWith, tables } from '../../support/proxy/replay.ts';
import { runs } from '../../support/runs.ts';
import { both } from './both.ts';

const name = `lpn-${process.pid}`;
const prefix = ['nsenter', `--net=/run/netns/${name}`];
const signal = new AbortController().signal;

beforeEach(() => void execFileSync('ip', ['netns', 'add', name]));
afterEach(() => void execFileSync('ip', ['netns', 'del', name]));

const kernels = (['nft', 'legacy'] as const).flatMap((flavour) =>
  (['IPv4', 'IPv6'] as const).map((family) => ({ tool: toolOf(family, flavour), flavour, family })),
);

const emptyTables = ['mangle', 'nat', 'filter'].map((table) => `*${table}\nCOMMIT\n`).join('');

describe.each(kernels)('with $tool', ({ tool, flavour, family }) => {
  const real = createNetfilter(family, prefix, flavour);
  const empty = () => execFileSync('nsenter', [...prefix.slice(1), `${tool}-restore`], { input: emptyTables });

  test('holds the same rules as the kernel after random histories, equal to those of a fresh proxier', async () => {
    let inputs = 0;
    const lister = createChainLister(family, prefix, flavour);
    await fc.assert(
      fc.asyncProperty(history(false, family), async (events) => {
        empty();
        const fake = new FakeNetfilter();
        const rig = createRig(both(real, fake), { family, lister });
        const objects = await replay(events, rig);
        const { backend } = rig.proxier;
        expect([await backend.damaged(signal), await backend.damagedInside?.(signal)]).toEqual([false, false]);
        inputs += fake.inputs.length;
        const incremental = tables(await real.save(signal));
        empty();
        await startWith(createRig(real, { family }), objects, rig.node);
        expect(incremental).toEqual(tables(await real.save(signal)));
      }),
      { numRuns: runs(4), examples: [[eventfulHistory(family)]] },
    );
    lister.close();
    expect(inputs).toBeGreaterThan(1);
  });

  test('refuses to delete a missing rule, and changes nothing', async () => {
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

  test('refuses to delete a chain in use, and a jump to a missing chain', async () => {
    const fake = new FakeNetfilter();
    for (const kernel of [real, fake]) {
      await kernel.restore('*nat\n:KUBE-A - [0:0]\n:KUBE-B - [0:0]\n-A KUBE-A -j KUBE-B\nCOMMIT\n', signal);
      await expect(kernel.restore('*nat\n:KUBE-B - [0:0]\n-X KUBE-B\nCOMMIT\n', signal)).rejects.toThrow();
      await expect(kernel.restore('*nat\n-A KUBE-A -j KUBE-C\nCOMMIT\n', signal)).rejects.toThrow();
      expect(await kernel.hasChain('nat', 'KUBE-B', signal)).toBe(true);
    }
  });

  test('lists the same rules of chains, before and after a change, and reports a missing chain', async () => {
    const fake = new FakeNetfilter();
    const lister = createChainLister(family, prefix, flavour);
    const queries = [
      { table: 'nat', chain: 'PREROUTING' },
      { table: 'filter', chain: 'KUBE-A' },
      { table: 'nat', chain: 'KUBE-A' },
      { table: 'nat', chain: 'KUBE-B' },
      { table: 'nat', chain: 'KUBE-A', texts: true },
      { table: 'nat', chain: 'KUBE-B', texts: true },
    ];
    const first = [
      '*mangle\n-A POSTROUTING -j RETURN\nCOMMIT\n*filter\n:KUBE-A - [0:0]\nCOMMIT\n',
      `*nat\n:KUBE-A - [0:0]\n:KUBE-B - [0:0]\n-A PREROUTING -p tcp -j KUBE-A\n-A KUBE-A -s ${family === 'IPv6' ? 'fd00::1/128' : '10.0.0.1/32'}\n`,
      '-A KUBE-A -m comment --comment "Chain and target" -j KUBE-B\n-A KUBE-A -j KUBE-B\nCOMMIT\n',
    ].join('');
    const inputs = [first, '*nat\n-D PREROUTING -p tcp -j KUBE-A\n-D KUBE-A -j KUBE-B\nCOMMIT\n'];
    const seen: unknown[] = [];
    for (const input of inputs) {
      for (const kernel of [real, fake]) await kernel.restore(input, signal);
      const listings = await lister.list(queries, signal);
      expect(listings?.toSorted(byPlace)).toEqual((await fake.list(queries))?.toSorted(byPlace));
      seen.push(listings);
    }
    expect(seen[0]).not.toEqual(seen[1]);
    for (const kernel of [real, fake]) await kernel.restore('*nat\n:KUBE-A - [0:0]\n-X KUBE-A\nCOMMIT\n', signal);
    expect([await lister.list(queries, signal), await fake.list(queries)]).toEqual([undefined, undefined]);
    const rest = queries.filter(({ table, chain }) => table === 'filter' || chain === 'KUBE-B');
    expect(await lister.list(rest, signal), 'a new tool was started after the old one ended').toHaveLength(3);
    lister.close();
  });
});

test.each(['nft', 'legacy'] as const)(
  'gets an answer from the same iptables-%s process seconds later',
  async (flavour) => {
    const lister = createChainLister('IPv4', prefix, flavour);
    const ask = () => lister.list([{ table: 'nat', chain: 'PREROUTING' }], signal);
    const first = await ask();
    // Longer than the tool waits for the xtables lock.
    await delay(6000);
    expect(await ask()).toEqual(first);
    lister.close();
  },
);

const byPlace = (a: ChainQuery, b: ChainQuery): number => placeOf(a).localeCompare(placeOf(b));
const placeOf = ({ table, chain, texts = false }: ChainQuery): string => `${table} ${chain} ${texts}`;
