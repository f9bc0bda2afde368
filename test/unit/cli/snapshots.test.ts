import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Context } from '../../../src/host/cli/context.ts';
import type { Session } from '../../../src/host/cli/session.ts';
import { type KeptSnapshot, readSnapshot, removeSnapshots, writeSnapshot } from '../../../src/host/cli/snapshots.ts';

let stateFolder: string;
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'snapshots-'));
});
afterEach(() => rm(stateFolder, { recursive: true }));

const context = () => ({ environment: { stateFolder } }) as Context;
const session = (name: string, instance: string) => ({ name, access: { instance } }) as Session;
const kept = (at: string): KeptSnapshot => ({ at, snapshot: {} });

test('each moment of each lab has a snapshot of its own', async () => {
  const [one, other] = [session('one', 'a'), session('other', 'a')];
  await writeSnapshot(context(), one, { moment: 'look', kept: kept('1') });
  await writeSnapshot(context(), one, { moment: 'check', kept: kept('2') });
  await writeSnapshot(context(), one, { moment: 'check', kept: kept('3') });
  expect(await readSnapshot(context(), one, 'look')).toEqual(kept('1'));
  expect(await readSnapshot(context(), one, 'check')).toEqual(kept('3'));
  expect(await readSnapshot(context(), one, 'begin')).toBeUndefined();
  expect(await readSnapshot(context(), other, 'check')).toBeUndefined();
  // The lab was built anew.
  expect(await readSnapshot(context(), session('one', 'b'), 'check')).toBeUndefined();
});

test('the snapshots of a deleted lab are removed', async () => {
  const one = session('one', 'a');
  await removeSnapshots(stateFolder, 'one');
  await writeSnapshot(context(), one, { moment: 'check', kept: kept('1') });
  await removeSnapshots(stateFolder, 'one');
  expect(await readSnapshot(context(), one, 'check')).toBeUndefined();
});
