// nf_tables in memory, which unit tests use, behaves as the real one does for everything that kube-proxy sends it.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNft, type Nft } from '../../../src/node/sys/nft.ts';
import { FakeNft, type FakeTable, inForce } from '../../unit/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../unit/proxy/nftables/rig.ts';
import { history } from '../../unit/proxy/random.ts';
import { replay, startWith } from '../../unit/proxy/replay.ts';
import { parseListing } from './nft-listing.ts';

const name = `lpt-${process.pid}`;
const prefix = ['ip', 'netns', 'exec', name];
const signal = new AbortController().signal;
const real = createNft(prefix);

beforeEach(() => void execFileSync('ip', ['netns', 'add', name]));
afterEach(() => void execFileSync('ip', ['netns', 'del', name]));

const exec = (...argv: string[]): string =>
  execFileSync('ip', ['netns', 'exec', name, ...argv], { encoding: 'utf8', maxBuffer: 1 << 28 });

const flush = (): void => void exec('nft', 'flush', 'ruleset');

/** The table that is in the kernel. */
const readTable = (): FakeTable => parseListing(exec('nft', '-s', 'list', 'ruleset'), 'ip kube-proxy');

/** As far as nft lists it in the words in which it was given. */
const outline = (table: FakeTable): unknown => ({
  chains: [...table.chains].map(([chain, { rules }]) => [chain, rules.length]).sort(),
  sets: [...table.sets].map(([set, { kind, elements }]) => [set, kind, [...elements.values()].sort()]).sort(),
});

/** Gives everything to both, and compares what they hold after each input. */
const both = (fake: FakeNft): Nft => ({
  apply: async (input, abort) => {
    await real.apply(input, abort);
    await fake.apply(input);
    expect(outline(readTable())).toEqual(outline(fake.table()));
  },
  check: (input, abort) => real.check(input, abort),
  list: (what, abort) => real.list(what, abort),
});

test('random histories leave the same table in both, and that of a proxy starting now', async () => {
  let inputs = 0;
  await fc.assert(
    fc.asyncProperty(history(false), async (events) => {
      flush();
      const fake = new FakeNft();
      const rig = createNftablesRig(both(fake));
      const objects = await replay(events, rig);
      inputs += fake.inputs.length;
      expect(await rig.backend.damaged(signal)).toBe(false);
      const incremental = inForce(readTable());
      flush();
      await startWith(createNftablesRig(real), objects, rig.node);
      expect(incremental).toEqual(inForce(readTable()));
    }),
    { numRuns: 40 },
  );
  expect(inputs).toBeGreaterThan(40);
});

const table = 'add table ip kube-proxy';
const some = [
  table,
  'add set ip kube-proxy s { type ipv4_addr ; }',
  'add chain ip kube-proxy a',
  'add chain ip kube-proxy b',
  'add rule ip kube-proxy a ip saddr @s goto b',
  'add element ip kube-proxy s { 192.0.2.1 }',
].join('\n');

test.each([
  ['an element that is not there can not be deleted', 'delete element ip kube-proxy s { 192.0.2.2 }'],
  ['a chain that a rule leads to can not be deleted', 'delete chain ip kube-proxy b'],
  ['a set that a rule looks into can not be deleted', 'delete set ip kube-proxy s'],
  ['a rule can not lead to a chain that is not there', 'add rule ip kube-proxy b goto c'],
  ['a chain that is not there can not be flushed', 'flush chain ip kube-proxy c'],
])('in both, %s, and then nothing changes', async (_title, input) => {
  const fake = new FakeNft();
  for (const kernel of [real, fake]) {
    await kernel.apply(some, signal);
    await expect(kernel.apply(`add chain ip kube-proxy new\n${input}\n`, signal)).rejects.toThrow();
    expect(await kernel.list('ruleset ip', signal)).not.toContain('chain new');
  }
});

test('in both, an element has one value at a time, which changes within one input', async () => {
  const fake = new FakeNft();
  const change = 'delete element ip kube-proxy m { 80 }\nadd element ip kube-proxy m { 80 : 192.0.2.2 }';
  for (const kernel of [real, fake]) {
    const map = 'add map ip kube-proxy m { type inet_service : ipv4_addr ; }';
    await kernel.apply(`${table}\n${map}\nadd element ip kube-proxy m { 80 : 192.0.2.1 }`, signal);
    await expect(kernel.apply('add element ip kube-proxy m { 80 : 192.0.2.2 }', signal)).rejects.toThrow();
    await kernel.apply(change, signal);
  }
  expect(outline(readTable())).toEqual(outline(fake.table()));
});

test('a check changes nothing', async () => {
  await real.check(some, signal);
  expect(await real.list('ruleset ip', signal)).toBe('');
  await expect(real.check('add rule ip nowhere a accept', signal)).rejects.toThrow();
});
