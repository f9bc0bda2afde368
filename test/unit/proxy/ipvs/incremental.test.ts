// Random histories in ipvs mode, with fake IPVS, sets and link.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf } from '../../../../src/kit/error.ts';
import type { IpFamily } from '../../../../src/node/proxy/types.ts';
import { contents, createIpvsRig, fakeKernel, killedAfter, unreliable } from '../../../support/proxy/ipvs/rig.ts';
import { type Event, eventfulHistory, history } from '../../../support/proxy/random.ts';
import { replay, startWith } from '../../../support/proxy/replay.ts';
import { runs } from '../../../support/runs.ts';

const signal = new AbortController().signal;
const families = ['IPv4', 'IPv6'] as const;

interface Story {
  readonly family: IpFamily;
  readonly events: readonly Event[];
}

const story = (failures: boolean): fc.Arbitrary<Story> =>
  fc
    .constantFrom<IpFamily>(...families)
    .chain((family) => history(failures, family).map((events) => ({ family, events })));

test('after any history, the kernel holds what a fresh proxier would write, and no tool refuses its input', async () => {
  let balanced = 0;
  const property = fc.asyncProperty(story(false), async ({ family, events }) => {
    const [kernel, empty] = [fakeKernel(), fakeKernel()];
    const rig = createIpvsRig(family, kernel);
    const refusals: unknown[] = [];
    const sync = rig.sync;
    rig.sync = () => sync().catch((error) => void refusals.push(error));
    const objects = await replay(events, rig);
    expect(refusals).toEqual([]);
    await startWith(createIpvsRig(family, empty), objects, rig.node);
    const right = await contents(family, empty);
    expect(await contents(family, kernel)).toEqual(right);
    expect(await rig.backend.damaged(signal)).toBe(false);
    if (right.servers?.some((line) => !line.endsWith('→ '))) balanced += 1;
  });
  const examples = families.map((family): [Story] => [{ family, events: eventfulHistory(family) }]);
  await fc.assert(property, { numRuns: runs(150), examples });
  expect(balanced, 'histories that end with a virtual server and an endpoint').toBeGreaterThanOrEqual(families.length);
});

test('the same holds when some tools fail, and for a proxier that starts over existing state', async () => {
  const property = fc.asyncProperty(story(true), async ({ family, events }) => {
    const [lived, empty] = [fakeKernel(), fakeKernel()];
    const kernel = unreliable(lived);
    const rig = createIpvsRig(family, kernel);
    const objects = await replay(events, rig, kernel);
    await startWith(createIpvsRig(family, empty), objects, rig.node);
    const right = await contents(family, empty);
    expect(await contents(family, lived)).toEqual(right);
    await startWith(createIpvsRig(family, lived), objects, rig.node);
    expect(await contents(family, lived)).toEqual(right);
  });
  await fc.assert(property, { numRuns: runs(150) });
});

test('a proxier that starts after a kill at any write also removes what is stale', async () => {
  const property = fc.asyncProperty(
    story(false),
    fc.integer({ min: 1, max: 60 }),
    async ({ family, events }, writes) => {
      const [lived, empty] = [fakeKernel(), fakeKernel()];
      const killed = createIpvsRig(family, killedAfter(lived, writes));
      const sync = killed.sync;
      killed.sync = () =>
        sync().catch((error) => {
          if (messageOf(error) !== 'killed') throw error;
        });
      const objects = await replay(events, killed);
      for (const kernel of [lived, empty]) await startWith(createIpvsRig(family, kernel), objects, killed.node);
      expect(await contents(family, lived)).toEqual(await contents(family, empty));
    },
  );
  await fc.assert(property, { numRuns: runs(150) });
});
