// A script that is ended by a signal ends the programs that it has started, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';

const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'labs-together-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the program, and reads from its output the process id of the program's own child. */
const start = async (argv: readonly string[]) => {
  const script = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
  const { value } = await createInterface({ input: script.stdout })[Symbol.asyncIterator]().next();
  return { script, child: Number(value) };
};

const expectGone = (pid: number): Promise<boolean> =>
  eventually(`process ${pid} has ended`, async () => (existsSync(`/proc/${pid}`) ? notYet('it runs') : done(true)), {
    timeoutMs: 10_000,
    intervalMs: 10,
  });

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe.each(['SIGINT', 'SIGTERM'] as const)('%s to the script alone', (signal) => {
  test('ends its child, removes its folder, and ends the script by the same signal', { timeout: 30_000 }, async () => {
    const left = join(folder, `left-${signal}`);
    const path = file(
      `${signal}.ts`,
      `import { mkdir, rm } from 'node:fs/promises';
       import { $ } from '${root}/node_modules/zx/build/index.js';
       import { endTogether } from '${root}/scripts/lib/together.ts';
       await mkdir('${left}');
       const quiet = $({ stdio: ['ignore', 'inherit', 'inherit'], nothrow: true });
       const start = () => {
         const child = quiet\`sh -c \${'echo $$; exec sleep 600'}\`;
         // As on a busy machine: the signal comes before the script goes on.
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
         return child;
       };
       await endTogether(start, () => rm('${left}', { recursive: true }));`,
    );
    const { script, child } = await start([path]);
    expect(existsSync(left)).toBe(true);
    const ended = once(script, 'exit');
    script.kill(signal);
    expect(await ended).toEqual([null, signal]);
    await expectGone(child);
    expect(existsSync(left)).toBe(false);
  });
});
