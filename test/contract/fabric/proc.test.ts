// Reading /proc with few descriptors: a student's thousands of processes must not look like missing ones.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readProc } from '../../../src/fabric/proc.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { startMachine } from './machine.ts';

const root = join(import.meta.dirname, '../../..');

/** Runs a module with at most so many open files. */
const withFewFiles = async (body: string, most = 128): Promise<unknown> => {
  const source = `
    import { readProc } from '${root}/src/fabric/proc.ts';
    import { namespacesOf } from '${root}/src/fabric/namespaces.ts';
    import { run } from '${root}/src/fabric/run.ts';
    ${body}`;
  const command = 'ulimit -n "$2"; exec "$0" --input-type=module-typescript --eval "$1"';
  const { stdout } = await execa('sh', ['-c', command, process.execPath, source, String(most)], { cwd: root });
  return JSON.parse(stdout);
};

test('thousands of files are read with few of them open at a time', async () => {
  const count = await withFewFiles(`
    const paths = Array.from({ length: 3000 }, (_, index) => index);
    const texts = await Promise.all(paths.map(() => readProc('/proc/self/status')));
    console.log(texts.filter(Boolean).length);`);
  expect(count).toBe(3000);
});

test('a process that has ended has no text, and no more descriptors is an error', async () => {
  const answers = await withFewFiles(`
    import { open } from 'node:fs/promises';
    const gone = await readProc('/proc/4194304/status') ?? 'nothing';
    const open_ = [];
    for (;;) { try { open_.push(await open('/dev/null')); } catch { break; } }
    const error = await readProc('/proc/self/status').catch(({ code }) => code);
    for (const file of open_) await file.close();
    console.log(JSON.stringify([gone, error]));`);
  expect(answers).toEqual(['nothing', 'FABRIC_UNREADABLE']);
});

test('a process that nobody has waited for has no mounts', async () => {
  // `sleep` has a child that it does not know, and never waits for it. The child ends with the input.
  const parent = execa('sh', ['-c', 'exec 3<&0; cat <&3 > /dev/null & echo $!; exec 3<&-; exec sleep 60']);
  const until = (condition: string, pid: number | undefined, pattern: RegExp): Promise<unknown> =>
    eventually(
      condition,
      async () => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return pattern.test(status) ? done(true) : notYet(status);
      },
      { timeoutMs: 10_000 },
    );
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(line.toString());
    await until('the parent is sleep', parent.pid, /^Name:\s+sleep/);
    parent.stdin.end();
    await until('the child is a zombie', child, /^State:\s+Z/m);
    expect(await readProc(`/proc/${child}/mountinfo`)).toBeUndefined();
  } finally {
    parent.kill();
    await parent.catch(() => {});
  }
});

test('a mounted namespace that cannot be opened for want of descriptors is an error, and no missing namespace', async () => {
  await using machine = await startMachine();
  await machine.sh(
    'mkdir -p /run/netns; for name in a b; do : > /run/netns/$name; unshare --net=/run/netns/$name true; done',
  );
  const answers = (await withFewFiles(`
    import { open } from 'node:fs/promises';
    const namespaces = () => namespacesOf(${machine.pid}, []).then(({ all }) => all.length, ({ code }) => code);
    const answers = [await namespaces()];
    const open_ = [];
    for (;;) { try { open_.push(await open('/dev/null')); } catch { break; } }
    for (let free = 0; free < 12; free += 1) {
      answers.push(await namespaces());
      await open_.pop().close();
    }
    for (const file of open_) await file.close();
    console.log(JSON.stringify(answers));`)) as readonly unknown[];
  // How many are too few depends on what is read at the same time.
  expect(answers[0]).toBe(2);
  expect(answers).toContain('FABRIC_UNREADABLE');
  for (const answer of answers) expect([2, 'FABRIC_UNREADABLE']).toContain(answer);
});

test('hundreds of tools run with few descriptors, because only some run at a time', async () => {
  const answers = await withFewFiles(
    `const all = Array.from({ length: 300 }, () => run(['true'], { timeoutMs: 60_000 }).then(({ code }) => code));
    console.log(JSON.stringify([...new Set(await Promise.all(all))]));`,
    512,
  );
  expect(answers).toEqual([0]);
});
