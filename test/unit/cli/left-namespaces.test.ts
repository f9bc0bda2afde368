// Which processes still hold the network namespace of a deleted cluster.
import { expect, test } from 'vitest';
import { holdersOf, networkNamespaceOf, ticksNow } from '../../../src/host/cli/left-namespaces.ts';

const own = async () => new Map([[(await networkNamespaceOf('self')) ?? '', 'node01']]);
const mine = ({ pid }: { readonly pid: number }): boolean => pid === process.pid;

test('a process that began before the deletion is left behind, with the machine whose namespace it holds', async () => {
  const holders = await holdersOf(await own(), (await ticksNow()) + 1);
  expect(holders.filter(mine)).toEqual([{ machine: 'node01', pid: process.pid, program: expect.stringMatching(/./) }]);
});

test('a process that began later has the number of a namespace that had ended', async () => {
  expect(await holdersOf(await own(), 1)).toEqual([]);
});

test('a namespace that nobody holds is not left behind', async () => {
  expect(await holdersOf(new Map([['net:[1]', 'node01']]), await ticksNow())).toEqual([]);
  expect(await holdersOf(new Map(), await ticksNow())).toEqual([]);
});
