// FakeNft, which the unit tests use, behaves like the real nf_tables for all input of kube-proxy.
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { createNft, type Nft } from '../../../src/node/sys/nft.ts';
import { createRulesetState } from '../../../src/node/sys/ruleset-state.ts';
import { FakeNft, type FakeTable, inForce } from '../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../support/proxy/nftables/rig.ts';
import { eventfulHistory, history } from '../../support/proxy/random.ts';
import { replay, startWith } from '../../support/proxy/replay.ts';
import { makeFolder } from '../../support/proxy/world.ts';
import { runs } from '../../support/runs.ts';
import { parseListing } from './nft-listing.ts';

const name = `lpt-${process.pid}`;
const prefix = ['nsenter', `--net=/run/netns/${name}`];
const signal = new AbortController().signal;
const real = createNft(prefix);

beforeEach(() => void execFileSync('ip', ['netns', 'add', name]));
afterEach(() => void execFileSync('ip', ['netns', 'del', name]));

const exec = (...argv: string[]): string =>
  execFileSync('nsenter', [...prefix.slice(1), ...argv], { encoding: 'utf8', maxBuffer: 1 << 28 });

const flush = (): void => void exec('nft', 'flush', 'ruleset');

/** Reads a table from the kernel. */
const readTable = (table = 'ip kube-proxy'): FakeTable => parseListing(exec('nft', '-s', 'list', 'ruleset'), table);

/** The parts of a table that nft lists exactly as they were given. */
const outline = (table: FakeTable): unknown => ({
  chains: [...table.chains].map(([chain, { rules }]) => [chain, rules.length]).sort(),
  sets: [...table.sets].map(([set, { kind, elements }]) => [set, kind, [...elements.values()].sort()]).sort(),
});

/** An Nft that applies each input to the kernel and to the fake, and compares them. */
const both = (fake: FakeNft, table: string): Nft => ({
  apply: async (input, abort) => {
    await real.apply(input, abort);
    await fake.apply(input);
    expect(outline(readTable(table))).toEqual(outline(fake.table(table)));
  },
  check: (input, abort) => real.check(input, abort),
  list: (what, abort) => real.list(what, abort),
});

test.each([
  ['ip kube-proxy', 'IPv4'],
  ['ip6 kube-proxy', 'IPv6'],
] as const)(
  'holds the same %s as the kernel after random histories, equal to that of a fresh proxier',
  async (table, family) => {
    let inputs = 0;
    await fc.assert(
      fc.asyncProperty(history(false, family), async (events) => {
        flush();
        const fake = new FakeNft();
        const rig = createNftablesRig(both(fake, table), {}, { family });
        const objects = await replay(events, rig);
        inputs += fake.inputs.length;
        expect(await rig.backend.damaged(signal)).toBe(false);
        const incremental = inForce(readTable(table));
        expect(incremental.chains.length).toBeGreaterThan(10);
        flush();
        await startWith(createNftablesRig(real, {}, { family }), objects, rig.node);
        expect(incremental).toEqual(inForce(readTable(table)));
      }),
      { numRuns: runs(4), examples: [[eventfulHistory(family)]] },
    );
    expect(inputs).toBeGreaterThan(1);
  },
);

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
  ['the deletion of a missing element', 'delete element ip kube-proxy s { 192.0.2.2 }'],
  ['the deletion of a chain in use', 'delete chain ip kube-proxy b'],
  ['the deletion of a set in use', 'delete set ip kube-proxy s'],
  ['a rule that leads to a missing chain', 'add rule ip kube-proxy b goto c'],
  ['the flush of a missing chain', 'flush chain ip kube-proxy c'],
])('refuses %s, and changes nothing', async (_title, input) => {
  const fake = new FakeNft();
  for (const kernel of [real, fake]) {
    await kernel.apply(some, signal);
    await expect(kernel.apply(`add chain ip kube-proxy new\n${input}\n`, signal)).rejects.toThrow();
    expect(await kernel.list('ruleset ip', signal)).not.toContain('chain new');
  }
});

test('replaces the value of an element only by deleting and adding it in one input', async () => {
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

test('changes nothing with a check', async () => {
  await real.check(some, signal);
  expect(await real.list('ruleset ip', signal)).toBe('');
  await expect(real.check('add rule ip nowhere a accept', signal)).rejects.toThrow();
});

test('reports a new state after each change of the tables of a family, but not after changes of elements', async () => {
  using state = disposable(createRulesetState('ip', prefix));
  const changes = [
    'add table ip a { set s { type ipv4_addr; }; chain c { ip saddr 10.0.0.1 drop; }; chain d { accept; }; }',
    'add rule ip a c ip saddr 10.0.0.2 drop',
    'flush chain ip a d',
    'add rule ip a d accept',
    'flush table ip a',
    'delete table ip a',
  ];
  const same = ['add table ip6 b { chain c { accept; }; }', 'add element ip a s { 10.0.0.3 }'];
  const seen = [await state.read(signal)];
  for (const change of changes) {
    exec('nft', change);
    const now = await state.read(signal);
    expect(now, change).not.toBe(seen.at(-1));
    seen.push(now);
    for (const other of now === undefined || seen.length !== 2 ? [] : same) {
      exec('nft', other);
      expect(await state.read(signal), other).toBe(now);
    }
  }
  expect(seen.every((each) => each !== undefined)).toBe(true);
});

test('restarts an nft process that was killed', async () => {
  using state = disposable(createRulesetState('ip', prefix));
  // An answer that takes too long ends the process, so a busy machine may need several questions until one stays.
  const [before, pid] = await eventually(
    'an nft process stays after its answer',
    async () => {
      const now = await state.read(signal);
      const running = nftProcess();
      return running === undefined ? notYet('no nft process') : done([now, running] as const);
    },
    { timeoutMs: 90_000 },
  );
  process.kill(pid, 'SIGKILL');
  await expect(state.read(signal)).rejects.toThrow();
  expect(await state.read(signal)).toBe(before);
});

/** The process id of the nft that this process runs. */
const nftProcess = (): number | undefined => {
  const { stdout } = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'nft -j'], { encoding: 'utf8' });
  return stdout.trim() === '' ? undefined : Number(stdout.trim());
};

test.each([
  { name: 'echoes its input', nft: 'while read -r line; do echo "nft> $line"; echo "{\\"nftables\\": []}"; done' },
  { name: 'has no prompt', nft: 'echo no interactive mode >&2; exit 1' },
])('reports no state when nft $name', async ({ nft }) => {
  const folder = makeFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'nft'), `#!/bin/sh\n${nft}\n`, { mode: 0o755 });
  using state = disposable(createRulesetState('ip', [...prefix, 'env', `PATH=${folder}:/usr/bin:/bin`]));
  for (const _ of [1, 2]) expect(await state.read(signal)).toBeUndefined();
});

const disposable = <T extends { close(): void }>(what: T): T & Disposable =>
  Object.assign(what, { [Symbol.dispose]: () => what.close() });
