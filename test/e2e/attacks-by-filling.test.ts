// A student who is root in a node tries to use up what the machine has, and to end more than the node.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { commandOf } from './attacks/attack.ts';
import { containerOf } from './attacks/container.ts';
import { type Filling, fillings } from './attacks/filling.ts';
import { inNode, startLab } from './attacks/world.ts';
import { labs, run, spawnLabs, written } from './cli-support.ts';
import { ok } from './graded-lab.ts';

const lab = `fill-${process.pid}`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-filling-'));
  await startLab(folder, lab, 2);
});
afterAll(async () => {
  await labs(['--name', lab, 'delete', '--yes']);
  await rm(folder, { recursive: true, force: true });
});

const host = (script: string) => run(['bash', '-c', script]);

/** @returns all that the attempt has reached */
const tryOut = async ({ script, before, meanwhile, endsNode }: Filling): Promise<readonly string[]> => {
  const machine = endsNode ? 'node02' : 'node01';
  const filled = { lab, machine, container: await containerOf(lab, machine), host };
  const value = before?.(filled) ?? 0;
  const command = commandOf('node', script, {});
  const running = spawnLabs(['--name', lab, 'shell', machine, '--', ...command], { stdin: 'pipe' });
  let seen: string | undefined;
  try {
    if (meanwhile) {
      await written(running.stdout, 'holding');
      seen = await meanwhile(filled, value);
    }
  } finally {
    running.stdin?.end();
  }
  const { stdout, stderr } = await running;
  const said = String(stdout).split('\n');
  expect(
    said.some((line) => /^(refused|escaped):/.test(line)),
    `the attempt was not made:\n${stdout}\n${stderr}`,
  ).toBe(true);
  return [...said.filter((line) => /^(escaped|broken):/.test(line)), ...(seen === undefined ? [] : [seen])];
};

const rows = fillings.map((filling) => [`root in a node cannot take ${filling.what}`, filling] as const);

test.each(rows)('%s', async (_title, filling) => {
  expect(await tryOut(filling)).toEqual([]);
  // The other machines of the lab go on, and so does the node itself if it has to.
  const machines = ['controlplane', filling.endsNode ? 'node01' : 'node02'];
  for (const machine of machines) await ok(inNode(lab, machine, 'true'));
  if (filling.endsNode) await ok(labs(['start', join(folder, lab), '--name', lab, '--yes']));
  const answers = async () => {
    const { exitCode, stderr } = await inNode(lab, 'node01', 'sleep 0 && node --eval 0');
    return exitCode === 0 ? done(true) : notYet(stderr);
  };
  await eventually('the node starts programs', answers, { timeoutMs: 30_000 });
});
