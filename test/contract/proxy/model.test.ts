// Random histories in the real kernel: after each, the kernel holds the rules that a fresh proxier would write.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { runOk } from '../../../src/node/sys/exec.ts';
import { createNetfilter, type Netfilter, toolOf } from '../../../src/node/sys/netfilter.ts';
import { createNft } from '../../../src/node/sys/nft.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { inForce } from '../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../support/proxy/nftables/rig.ts';
import { type Event, history } from '../../support/proxy/random.ts';
import { createRig, type Rig, replay, startWith, tables } from '../../support/proxy/replay.ts';
import { comparable, createUserspaceRig, testPlace, testPlace6 } from '../../support/proxy/userspace/rig.ts';
import { longFactor, runs } from '../../support/runs.ts';
import { parseListing } from './nft-listing.ts';

const signal = new AbortController().signal;

/**
 * Two network namespaces: in `lived`, a proxier gets the whole history; in `fresh`, another starts with its last state.
 */
type Spaces = readonly [lived: string, fresh: string];
const spacesOf = (name: string): Spaces => [`model-${process.pid}-${name}-a`, `model-${process.pid}-${name}-b`];
const inside = (space: string): string[] => ['nsenter', `--net=/run/netns/${space}`];
const exec = async (space: string, argv: readonly string[], input = ''): Promise<string> =>
  (await runOk([...inside(space), ...argv], { input, signal })).stdout;

const names = ['nft', 'legacy', 'nftables', 'userspace'] as const;
const everySpace = names.flatMap(spacesOf);
beforeAll(() => {
  for (const space of everySpace) execFileSync('ip', ['netns', 'add', space]);
});
afterAll(() => {
  for (const space of everySpace) execFileSync('ip', ['netns', 'del', space]);
});

interface Story {
  readonly family: IpFamily;
  readonly events: readonly Event[];
}
const story = fc
  .constantFrom<IpFamily>('IPv4', 'IPv6')
  .chain((family) => history(true, family).map((events): Story => ({ family, events })));

/** Fails the next `failures` restores. Every second failure still writes the first table of the input. */
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

/** Empties the iptables of both namespaces. */
const emptied = async (name: string, flavour: 'nft' | 'legacy', family: IpFamily): Promise<[Netfilter, Netfilter]> => {
  const [lived, fresh] = spacesOf(name);
  for (const space of [lived, fresh]) await exec(space, [`${toolOf(family, flavour)}-restore`], emptyTables);
  return [createNetfilter(family, inside(lived), flavour), createNetfilter(family, inside(fresh), flavour)];
};

/** The property for iptables mode with one flavour. */
const iptablesHolds =
  (flavour: 'nft' | 'legacy') =>
  async ({ family, events }: Story): Promise<Rig> => {
    const [lived, fresh] = await emptied(flavour, flavour, family);
    const create = (netfilter: Netfilter) => createRig(netfilter, { family, followsNode: true });
    const kernel = unreliable(lived);
    const rig = create(kernel);
    const objects = await replay(events, rig, kernel);
    await startWith(create(fresh), objects, rig.node);
    const right = tables(await fresh.save(signal));
    expect(tables(await lived.save(signal))).toEqual(right);
    // A proxier that starts over existing rules leaves them unchanged.
    await startWith(create(lived), objects, rig.node);
    expect(tables(await lived.save(signal))).toEqual(right);
    return rig;
  };

const nftablesHolds = async ({ family, events }: Story): Promise<Rig> => {
  const spaces = spacesOf('nftables');
  for (const space of spaces) await exec(space, ['nft', 'flush', 'ruleset']);
  const [lived, fresh] = [createNft(inside(spaces[0])), createNft(inside(spaces[1]))];
  const kernel = {
    ...lived,
    failures: 0,
    apply: async (input: string) => {
      if (kernel.failures === 0) return lived.apply(input, signal);
      kernel.failures -= 1;
      throw new Error('told to fail');
    },
  };
  const name = `${family === 'IPv6' ? 'ip6' : 'ip'} kube-proxy`;
  const table = async (space: string) =>
    inForce(parseListing(await exec(space, ['nft', '-s', 'list', 'ruleset']), name));
  const create = (nft: typeof lived) => createNftablesRig(nft, {}, { family, followsNode: true });
  const rig = create(kernel);
  const objects = await replay(events, rig, kernel);
  await startWith(create(fresh), objects, rig.node);
  const right = await table(spaces[1]);
  expect(right.chains.length, 'number of compared chains').toBeGreaterThan(0);
  expect(await table(spaces[0])).toEqual(right);
  expect(await rig.backend.damaged(signal)).toBe(false);
  await startWith(create(lived), objects, rig.node);
  expect(await table(spaces[0])).toEqual(right);
  return rig;
};

/** The property for userspace mode. Relays are fakes here; the unit tests compare what listens at their ports. */
const userspaceHolds = async ({ family, events }: Story): Promise<Rig> => {
  const [lived, fresh] = await emptied('userspace', 'legacy', family);
  const place = family === 'IPv6' ? testPlace6 : testPlace;
  const create = (netfilter: Netfilter) => createUserspaceRig(() => netfilter, place, { followsNode: true });
  const kernel = unreliable(lived);
  const rig = create(kernel);
  const objects = await replay(events, rig, kernel);
  await startWith(create(fresh), objects, rig.node);
  expect(comparable(await lived.save(signal))).toEqual(comparable(await fresh.save(signal)));
  expect(await rig.backend.damaged(signal)).toBe(false);
  return rig;
};

/** Whether at least one service has an endpoint. */
const hasReachableService = ({ proxier: { view } }: Rig): boolean =>
  [...view.ports.keys()].some((key) => view.endpoints.has(key));

/** Finds out with the fake kernel, in a moment. */
const leadsToEndpoint = async ({ family, events }: Story): Promise<boolean> => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel, { family, followsNode: true });
  await replay(events, rig, kernel);
  return hasReachableService(rig);
};

/** Concurrent, because each test mostly waits for the kernel. iptables-legacy runs the same code as iptables-nft. */
test.concurrent.each([
  { mode: 'iptables-nft', count: runs(6), holds: iptablesHolds('nft') },
  { mode: 'iptables-legacy', count: runs(2), holds: iptablesHolds('legacy') },
  { mode: 'nftables', count: runs(6), holds: nftablesHolds },
  { mode: 'userspace', count: runs(4), holds: userspaceHolds },
])(
  'ends like a fresh proxier after each of $count histories in mode $mode',
  { timeout: longFactor * 600_000 },
  async ({ count, holds }) => {
    let leading = 0;
    const property = (onlyLeading: boolean) =>
      fc.asyncProperty(story, async (each) => {
        if (onlyLeading) fc.pre(await leadsToEndpoint(each));
        if (hasReachableService(await holds(each))) leading += 1;
      });
    await fc.assert(property(false), { numRuns: count / 2 });
    // Two thirds of all histories end without a service that has an endpoint.
    await fc.assert(property(true), { numRuns: count / 2 });
    expect(leading, 'histories that end with a service and an endpoint').toBeGreaterThanOrEqual(count / 2);
  },
);
