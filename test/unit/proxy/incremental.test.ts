// Random histories in iptables mode, with the fake kernel.
import { expect, test } from 'vitest';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { incrementalSuite } from '../../support/proxy/incremental-suite.ts';
import { createRig, tables } from '../../support/proxy/replay.ts';
import { ip } from '../../support/proxy/scalars.ts';

incrementalSuite({
  create: () => {
    const kernel = new FakeNetfilter();
    return { kernel, rig: createRig(kernel), state: async () => tables(await kernel.save()) };
  },
});

test('a full sync reads the addresses for node ports again, even if the Node object did not change', async () => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel, { followsNode: true });
  await rig.sync();
  rig.node = { ...rig.node, addresses: { IPv4: ip('192.168.56.12') } };
  rig.proxier.forceFull();
  await rig.sync();
  expect((await kernel.save()).match(/-d \S+(?=.* -j KUBE-NODEPORTS)/g)).toEqual(['-d 192.168.56.12/32']);
});
