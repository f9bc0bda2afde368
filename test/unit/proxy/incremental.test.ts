import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { history } from '../../support/proxy/random.ts';
import { createRig, replay, startWith, tables } from '../../support/proxy/replay.ts';

const run = async (events: Parameters<typeof replay>[0]): Promise<void> => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel);
  const objects = await replay(events, rig, kernel);
  const fresh = new FakeNetfilter();
  await startWith(createRig(fresh), objects, rig.node);
  expect(tables(await kernel.save())).toEqual(tables(await fresh.save()));
};

test('after any history, the rules are those that a proxy starting now would write', async () => {
  await fc.assert(fc.asyncProperty(history(false), run), { numRuns: 400 });
});

test('the same holds when restores fail in between', async () => {
  await fc.assert(fc.asyncProperty(history(true), run), { numRuns: 300 });
});

test('a sync without changes writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(history(false), async (events) => {
      const kernel = new FakeNetfilter();
      const rig = createRig(kernel);
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

test('a full sync asks anew where node ports answer: the machine may have another address though its Node object says nothing', async () => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel, { followsNode: true });
  await rig.sync();
  rig.node = { ...rig.node, addresses: { IPv4: '192.168.56.12' } };
  rig.proxier.forceFull();
  await rig.sync();
  expect((await kernel.save()).match(/-d \S+(?=.* -j KUBE-NODEPORTS)/g)).toEqual(['-d 192.168.56.12/32']);
});
