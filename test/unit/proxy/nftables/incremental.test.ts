import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeNft, inForce } from '../../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../../support/proxy/nftables/rig.ts';
import { history } from '../../../support/proxy/random.ts';
import { replay, startWith } from '../../../support/proxy/replay.ts';

const signal = new AbortController().signal;

const run = async (events: Parameters<typeof replay>[0]): Promise<void> => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  const objects = await replay(events, rig, kernel);
  const fresh = new FakeNft();
  await startWith(createNftablesRig(fresh), objects, rig.node);
  expect(inForce(kernel.table())).toEqual(inForce(fresh.table()));
  expect(await rig.backend.damaged(signal)).toBe(false);
  // One that starts over what is there takes it over, and leaves nothing that it doesn't need.
  await startWith(createNftablesRig(kernel), objects, rig.node);
  expect([...kernel.table().chains.keys()].sort()).toEqual([...fresh.table().chains.keys()].sort());
  expect([...kernel.table().sets.keys()].sort()).toEqual([...fresh.table().sets.keys()].sort());
  expect(inForce(kernel.table())).toEqual(inForce(fresh.table()));
};

test('after any history, the table is the one that a proxy starting now would write', async () => {
  await fc.assert(fc.asyncProperty(history(false), run), { numRuns: 400 });
});

test('the same holds when inputs fail in between', async () => {
  await fc.assert(fc.asyncProperty(history(true), run), { numRuns: 300 });
});

test('a sync without changes writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(history(false), async (events) => {
      const kernel = new FakeNft();
      const rig = createNftablesRig(kernel);
      await replay(events, rig);
      const before = kernel.inputs.length;
      await rig.sync();
      rig.proxier.onNode();
      await rig.sync();
      expect(kernel.inputs.slice(before)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
