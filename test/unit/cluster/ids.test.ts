import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areIdsTaken, chooseIds } from '../../../src/host/cluster/ids.ts';
import { startCluster } from '../../../src/host/cluster/start.ts';
import { deleteCluster } from '../../../src/host/cluster/stop.ts';
import { idsPerMachine } from '../../../src/host/plan/boot.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';
import { threeNodes } from '../plan/fixtures.ts';
import { quietly, request, World } from './world.ts';

const spec = threeNodes;
const engine = () => new FakeDocker({ images: { image: {} } });

const specOf = (machines: number) => ({
  ...spec,
  clients: Array.from({ length: machines - spec.nodes.length }, (_, index) => ({ name: `client${index}` })),
});

/** A cluster of which only the fabric exists. */
const reserve = (docker: FakeDocker, name: string, first: number, machines: number): Promise<string> =>
  docker.create({
    name: `labs-${name}-fabric`,
    image: 'image',
    network: 'none',
    labels: {
      [labels.name]: name,
      [labels.role]: 'fabric',
      [labels.ids]: String(first),
      [labels.machines]: String(machines + 1),
    },
  });

const overlap = (ranges: readonly (readonly [first: number, machines: number])[]): boolean => {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  return sorted.some(([first, machines], index) => {
    const next = sorted[index + 1];
    return next !== undefined && first + machines * idsPerMachine > next[0];
  });
};

test('no two clusters share an id, and none has an id of an ordinary user', async () => {
  const cluster = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/), fc.integer({ min: 3, max: 12 }));
  const clusters = fc.uniqueArray(cluster, { maxLength: 12, selector: ([name]) => name });
  await fc.assert(
    fc.asyncProperty(clusters, async (all) => {
      const docker = engine();
      const ranges: [number, number][] = [];
      for (const [name, machines] of all) {
        const first = await chooseIds(docker, { name, spec: specOf(machines) });
        await reserve(docker, name, first, machines);
        expect(await areIdsTaken(docker, { name, first, machines })).toBe(false);
        ranges.push([first, machines]);
      }
      expect(overlap(ranges)).toBe(false);
      for (const [first, machines] of ranges) {
        expect(first).toBeGreaterThanOrEqual(2 ** 20);
        expect(first % idsPerMachine).toBe(0);
        expect(first + machines * idsPerMachine).toBeLessThanOrEqual(2 ** 31);
      }
    }),
    { numRuns: 50 },
  );
});

test('a cluster gets the same ids again, also while its own containers exist', async () => {
  const docker = engine();
  const first = await chooseIds(docker, { name: 'x', spec });
  expect(await chooseIds(docker, { name: 'x', spec })).toBe(first);
  await reserve(docker, 'x', first, 4);
  expect(await chooseIds(docker, { name: 'x', spec })).toBe(first);
});

test('a machine without its fabric keeps its ids', async () => {
  const docker = engine();
  const first = await chooseIds(docker, { name: 'x', spec });
  await docker.create({
    name: 'labs-other-node03',
    image: 'image',
    network: 'none',
    labels: { [labels.name]: 'other', [labels.role]: 'node', [labels.ids]: String(first + 3 * idsPerMachine) },
  });
  expect(await areIdsTaken(docker, { name: 'x', first, machines: 4 })).toBe(true);
  expect(await areIdsTaken(docker, { name: 'x', first, machines: 3 })).toBe(false);
  const other = await chooseIds(docker, { name: 'x', spec });
  expect(
    overlap([
      [other, 4],
      [first + 3 * idsPerMachine, 1],
    ]),
  ).toBe(false);
});

test('the ids of a deleted cluster are free at once', async () => {
  const docker = engine();
  const first = await chooseIds(docker, { name: 'x', spec });
  const id = await reserve(docker, 'other', first, 4);
  expect(await chooseIds(docker, { name: 'x', spec })).not.toBe(first);
  await docker.remove(id);
  expect(await chooseIds(docker, { name: 'x', spec })).toBe(first);
});

test('says what to do when all ids are taken', async () => {
  const docker = engine();
  await reserve(docker, 'large', 2 ** 20, (2 ** 31 - 2 ** 20) / idsPerMachine);
  await expect(chooseIds(docker, { name: 'x', spec })).rejects.toMatchObject({
    code: 'LAB_IDS_TAKEN',
    hint: expect.stringContaining('`labs list`'),
  });
});

/** Two names that lead to the same ids on an empty engine. */
const twins = async (): Promise<readonly [string, string]> => {
  const docker = engine();
  const seen = new Map<number, string>();
  for (let number = 0; ; number += 1) {
    const name = `lab-${number}`;
    const first = await chooseIds(docker, { name, spec });
    const other = seen.get(first);
    if (other) return [other, name];
    seen.set(first, name);
  }
};

test('two starts that choose the same ids at the same moment end with different ones', async () => {
  const world = new World();
  const names = await twins();
  const start = async (name: string) => {
    const { cluster } = await startCluster(world, request({ plan: { ...request().plan, name } }), quietly());
    await cluster[Symbol.asyncDispose]();
  };
  await Promise.all(names.map(start));
  const machines = [...world.containers.values()].filter(
    ({ spec: { labels: own = {} } }) => own[labels.role] !== 'fabric',
  );
  const ids = machines.flatMap(({ spec: { labels: own = {} } }) => own[labels.ids] ?? []);
  expect(ids).toHaveLength(8);
  expect(new Set(ids).size).toBe(8);
  for (const name of names) await deleteCluster(world, name);
  expect(world.names).toEqual([]);
});

test('a start gives up, and leaves nothing, when its ids are always taken', async () => {
  const world = new World();
  const { list } = world;
  world.list = async (wanted) => {
    const own = await list.call(world, wanted);
    // Another start with the same ids, which shows itself only after the fabric of this one.
    const others = own.flatMap((each) => ({ ...each, labels: { ...each.labels, [labels.name]: 'other' } }));
    return labels.ids in wanted ? others : own;
  };
  await expect(startCluster(world, request(), quietly())).rejects.toMatchObject({ code: 'LAB_IDS_TAKEN' });
  expect(world.names).toEqual([]);
});
