// Two graders, each with a journal of its own, over one lock and one record.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createJournal } from '../../../src/fabric/change-journal.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';

test('one change at a time, and what a dead grader has left is told to the next one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-journal-'));
  const options = { lock: join(folder, 'lock'), file: join(folder, 'record') };
  const [one, other, third] = [createJournal(options), createJournal(options), createJournal(options)];
  try {
    expect(await one.leftChange()).toEqual({});
    expect(await one.beginChange({ undo: '[]' })).toEqual({ begun: true });
    expect(await one.beginChange({ undo: '[1]' })).toEqual({ begun: true });
    expect(await other.beginChange({ undo: '[2]' })).toEqual({ begun: false });
    expect(await other.leftChange()).toEqual({});
    await expect(other.endChange()).rejects.toMatchObject({ code: 'FABRIC_NOT_CLAIMED' });
    await one.endChange();
    const begin = async () => ((await other.beginChange({ undo: '[2]' })).begun ? done(undefined) : notYet('held'));
    await eventually('the lock is free', begin, { timeoutMs: 5000 });
    // The lock ends with the agent; the record stays.
    other.abandon();
    const find = async () => {
      const { left } = await third.leftChange();
      return left === undefined ? notYet('nothing') : done(left);
    };
    expect(await eventually('the record is found', find, { timeoutMs: 5000 })).toBe('[2]');
    expect(await one.leftChange()).toEqual({});
    await third.endChange();
    expect(await one.leftChange()).toEqual({});
  } finally {
    for (const journal of [one, other, third]) journal.abandon();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a change that begins overwrites no steps, and what cannot be undone is kept beside earlier steps', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-journal-'));
  const options = { lock: join(folder, 'lock'), file: join(folder, 'record') };
  const [one, other] = [createJournal(options), createJournal(options)];
  try {
    const { count } = await other.changeState();
    await one.beginChange({ undo: '[]' });
    await one.beginChange({ undo: '[1]' });
    expect(await other.changeState()).toMatchObject({ open: true });
    expect(await one.beginChange({ undo: '[]' })).toEqual({ begun: false, left: '[1]' });
    await one.endChange({ keep: '[1]' });
    expect(await other.changeState()).toMatchObject({ open: false });
    expect((await other.changeState()).count).toBeGreaterThan(count);
    const begin = async (undo: string) => ((await one.beginChange({ undo })).begun ? done(undefined) : notYet('held'));
    await eventually('the lock is free', () => begin('[2]'), { timeoutMs: 5000 });
    await one.endChange({ keep: '[2]' });
    const find = async () => {
      const { kept } = await other.leftChange();
      return kept === undefined ? notYet('nothing') : done(kept);
    };
    expect(await eventually('the steps are found', find, { timeoutMs: 5000 })).toBe('[1,2]');
    await other.endChange({ keep: '[2]', forget: true });
    expect(await eventually('the steps are found', find, { timeoutMs: 5000 })).toBe('[2]');
    await other.endChange({ forget: true });
    expect(await other.leftChange()).toEqual({});
  } finally {
    for (const journal of [one, other]) journal.abandon();
    await rm(folder, { recursive: true, force: true });
  }
});
