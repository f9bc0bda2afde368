// A student who is root in a node tries to use up what the machine has, and to end more than the node.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { containerOf } from './attacks/container.ts';
import { fillings } from './attacks/filling.ts';
import { inNode, startLab, startPod, tryOut } from './attacks/world.ts';
import { labs, run } from './cli-support.ts';
import { ok } from './graded-lab.ts';

const lab = `fill-${process.pid}`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-filling-'));
  await startLab(folder, lab, 2);
  await startPod(lab);
});
afterAll(async () => {
  await labs(['--name', lab, 'delete', '--yes']);
  await rm(folder, { recursive: true, force: true });
});

const host = (script: string) => run(['bash', '-c', script]);

const rows = fillings.flatMap((filling) =>
  (filling.from ?? ['node']).map(
    (place) => [`root in a ${place} cannot take ${filling.what}`, filling, place] as const,
  ),
);

test.each(rows)('%s', async (_title, { script, before, meanwhile, endsNode }, place) => {
  const machine = endsNode ? 'node02' : 'node01';
  const filled = { lab, machine, container: await containerOf(lab, machine), host };
  const value = before?.(filled) ?? 0;
  const look = meanwhile && (() => meanwhile(filled, value));
  expect((await tryOut({ lab, place, machine }, { script }, look)).reached).toEqual([]);
  // The other machines of the lab go on, and so does the node itself if it has to.
  const machines = ['controlplane', endsNode ? 'node01' : 'node02'];
  for (const machine of machines) await ok(inNode(lab, machine, 'true'));
  if (endsNode) await ok(labs(['start', join(folder, lab), '--name', lab, '--yes']));
  const answers = async () => {
    const { exitCode, stderr } = await inNode(lab, 'node01', 'sleep 0 && node --eval 0');
    return exitCode === 0 ? done(true) : notYet(stderr);
  };
  await eventually('the node starts programs', answers, { timeoutMs: 30_000 });
});
