// Random histories through the real kernel: after each, what a proxier that lived through it has written is what one that starts now
// writes. MODEL_RUNS multiplies the number of histories.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOk } from '../../../src/node/sys/exec.ts';
import { createNetfilter, type Netfilter } from '../../../src/node/sys/netfilter.ts';
import { createNft } from '../../../src/node/sys/nft.ts';
import { inForce } from '../../unit/proxy/nftables/fake-nft.ts';
import { createNftablesRig, startWith } from '../../unit/proxy/nftables/rig.ts';
import { type Event, history } from '../../unit/proxy/random.ts';
import { createRig, fromScratch, replay, tables } from '../../unit/proxy/replay.ts';
import { parseListing } from './nft-listing.ts';

const runs = (count: number): number => count * Number(process.env.MODEL_RUNS ?? 1);
const signal = new AbortController().signal;

/** One lives through the history, in the other somebody starts at its end. */
type Spaces = readonly [lived: string, fresh: string];
const spacesOf = (name: string): Spaces => [`model-${process.pid}-${name}-a`, `model-${process.pid}-${name}-b`];
const inside = (space: string): string[] => ['nsenter', `--net=/run/netns/${space}`];
const exec = async (space: string, argv: readonly string[], input = ''): Promise<string> =>
  (await runOk([...inside(space), ...argv], { input, signal })).stdout;

const names = ['nft', 'legacy', 'nftables'] as const;
const everySpace = names.flatMap(spacesOf);
beforeAll(() => {
  for (const space of everySpace) execFileSync('ip', ['netns', 'add', space]);
});
afterAll(() => {
  for (const space of everySpace) execFileSync('ip', ['netns', 'del', space]);
});

/** Fails when told to: half of the time with the first table of the input written. */
const unreliable = (netfilter: Netfilter): Netfilter & { failures: number } => {
  let failed = 0;
  const self = {
    ...netfilter,
    failures: 0,
    restore: async (input: string) => {
      if (self.failures === 0) return netfilter.restore(input, signal);
      self.failures -= 1;
      const [first = ''] = input.split(/(?<=^COMMIT\n)/m);
      if (failed++ % 2 === 0) await netfilter.restore(first, signal);
      throw new Error('told to fail');
    },
  };
  return self;
};

const emptyTables = ['mangle', 'filter', 'nat'].map((table) => `*${table}\nCOMMIT\n`).join('');

/** With iptables of that flavour. */
const iptablesHolds =
  (flavour: 'nft' | 'legacy') =>
  async (events: readonly Event[]): Promise<void> => {
    const spaces = spacesOf(flavour);
    for (const space of spaces) await exec(space, [`iptables-${flavour}-restore`], emptyTables);
    const lived = createNetfilter('IPv4', inside(spaces[0]), flavour);
    const fresh = createNetfilter('IPv4', inside(spaces[1]), flavour);
    const kernel = unreliable(lived);
    const rig = createRig(kernel);
    const objects = await replay(events, rig, kernel);
    await fromScratch(objects, fresh, rig.node);
    const right = tables(await fresh.save(signal));
    expect(tables(await lived.save(signal))).toEqual(right);
    // One that starts over it leaves it so.
    await fromScratch(objects, lived, rig.node);
    expect(tables(await lived.save(signal))).toEqual(right);
  };

const nftablesHolds = async (events: readonly Event[]): Promise<void> => {
  const spaces = spacesOf('nftables');
  for (const space of spaces) await exec(space, ['nft', 'flush', 'ruleset']);
  const lived = createNft(inside(spaces[0]));
  const kernel = {
    ...lived,
    failures: 0,
    apply: async (input: string) => {
      if (kernel.failures === 0) return lived.apply(input, signal);
      kernel.failures -= 1;
      throw new Error('told to fail');
    },
  };
  const table = async (space: string) =>
    inForce(parseListing(await exec(space, ['nft', '-s', 'list', 'ruleset']), 'ip kube-proxy'));
  const rig = createNftablesRig(kernel);
  const objects = await replay(events, rig, kernel);
  await startWith(objects, createNft(inside(spaces[1])), rig.node);
  const right = await table(spaces[1]);
  expect(await table(spaces[0])).toEqual(right);
  expect(await rig.backend.damaged(signal)).toBe(false);
  await startWith(objects, lived, rig.node);
  expect(await table(spaces[0])).toEqual(right);
};

/** Side by side: most of the time each waits for the kernel. */
test.concurrent.each([
  { mode: 'iptables-nft', count: runs(550), holds: iptablesHolds('nft') },
  { mode: 'iptables-legacy', count: runs(900), holds: iptablesHolds('legacy') },
  { mode: 'nftables', count: runs(550), holds: nftablesHolds },
])('$count histories in mode $mode', { timeout: runs(1) * 600_000 }, async ({ count, holds }) => {
  await fc.assert(fc.asyncProperty(history(true), holds), { numRuns: count });
});
