import { expect, test } from 'vitest';
import { progressKey } from '../../../src/host/cluster/progress-key.ts';
import { startCluster } from '../../../src/host/cluster/start.ts';
import { quietly, request, World } from './world.ts';

const fabric = 'labs-x-fabric';

test('a new lab has a key of its own, which the nodes do not have', async () => {
  const keys = [];
  for (const world of [new World(), new World()]) {
    const { cluster } = await startCluster(world, request(), quietly());
    await cluster[Symbol.asyncDispose]();
    const key = await progressKey(world, fabric).read();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    for (const [name, { files }] of world.containers)
      expect(
        [...files.values()].some((text) => text.includes(key ?? '')),
        name,
      ).toBe(name === fabric);
    keys.push(key);
  }
  expect(keys[0]).not.toBe(keys[1]);
});

test('a lab that an older version of labs has built gets a key once', async () => {
  const world = new World();
  const { cluster } = await startCluster(world, request(), quietly());
  await cluster[Symbol.asyncDispose]();
  world.containers.get(fabric)?.files.delete('/var/lib/labs-progress-key');
  expect(await progressKey(world, fabric).read()).toBeUndefined();
  const made = await progressKey(world, fabric).make();
  expect(await progressKey(world, fabric).make()).toBe(made);
  expect(await progressKey(world, fabric).read()).toBe(made);
});

test('a lab without containers has no key', async () => {
  expect(await progressKey(new World(), fabric).read()).toBeUndefined();
});
