// Real processes run real scripts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabCalls } from '../../../src/host/script/calls.ts';
import { createScripts, type RunOptions } from '../../../src/host/script/scripts.ts';
import { LabError } from '../../../src/kit/error.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-script-'));
  write('lab.yaml', '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string): string => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
let serial = 0;
/** A script with one function. Its body begins in line 2. */
const script = (body: string): string =>
  write(`checks/s${++serial}.ts`, `export const check = async (lab: any) => {\n${body}\n};\n`);

/** Where no init reaps orphans, a process stays as a zombie. */
const isGone = (pid: string): boolean => {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

const lines: string[] = [];
const scripts = createScripts({ log: (line) => lines.push(line) });
const calls = (over: Record<string, unknown> = {}): LabCalls =>
  ({
    lab: 'demo',
    language: 'en',
    nodes: ['node01'],
    clients: ['client'],
    machines: ['r1'],
    ...over,
  }) as unknown as LabCalls;
const run = (file: string, over: Partial<RunOptions> = {}) =>
  scripts.run(file, {
    names: ['check'],
    calls: calls(),
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    ...over,
  });

describe('a script', () => {
  test('calls the functions of the handle in labs, and resolves with its own value', async () => {
    const object = async (name: string) => ({ metadata: { name } });
    const file = script(`return [lab.lab, lab.nodes, (await lab.object('pod/a')).metadata.name];`);
    expect(await run(file, { calls: calls({ object }) })).toEqual(['demo', ['node01'], 'pod/a']);
  });

  test('runs commands on machines and in pods, with quoted values', async () => {
    const ran: unknown[] = [];
    const answers = async (...args: unknown[]) => {
      ran.push(args);
      return { exitCode: 1, stdout: 'a\nb\n', stderr: '' };
    };
    const file = script(`
      const { $ } = lab.node('node01');
      const lines = await $\`echo \${"it's"} \${['x y', 7]} \${''}\`.nothrow().lines();
      const text = await lab.client.$({ input: 'in', nothrow: true })\`cat\`.text();
      const { exitCode } = await lab.pod('shop/cart', { container: 'web' }).$\`id\`.nothrow();
      const rejects = await lab.machine('client').$\`false\`.catch(() => 'rejected');
      return { lines, text, exitCode, rejects };`);
    expect(await run(file, { calls: calls({ run: answers }) })).toEqual({
      ...{ lines: ['a', 'b'], text: 'a\nb', exitCode: 1, rejects: 'rejected' },
    });
    expect(ran).toEqual([
      ['node/node01', `echo 'it'\\''s' 'x y' 7 ''`, {}],
      ['client/client', 'cat', { input: 'in' }],
      ['pod/shop/cart', 'id', { container: 'web' }],
      ['client/client', 'false', {}],
    ]);
  });

  test('without a client has no `lab.client`, and reads everything else', async () => {
    const file = script(`try { return lab.client; } catch (error) { return [error.message, typeof lab.answer]; }`);
    const answer = async () => {};
    expect(await run(file, { calls: calls({ clients: [], answer }) })).toEqual([
      ...['the lab has no client, so `lab.client` is nothing', 'function'],
    ]);
  });

  test('may answer with a number', async () => {
    const answers: unknown[][] = [];
    const answer = async (...args: unknown[]) => void answers.push(args);
    const file = script(`await lab.answer('ttl', 61); await lab.answer('name', 'web');`);
    await run(file, { calls: calls({ answer }) });
    expect(answers).toEqual([
      ['ttl', '61'],
      ['name', 'web'],
    ]);
  });

  test('waits with `until`, which asks a function of the script', async () => {
    let asked = 0;
    const read = async () => ++asked;
    expect(
      await run(script(`await lab.until('three', async () => (await lab.node('node01').read('/count')) >= 3);`), {
        calls: calls({ read }),
      }),
    ).toBe(undefined);
    expect(asked).toBe(3);
  });

  test.each(['my-lab', 'lib/node_modules/my-labs/first'])(
    'in %s is loaded with its imports and without its types',
    async (place) => {
      write(`${place}/ports.ts`, 'export const port: number = 3306;\n');
      const file = write(
        `${place}/solve.ts`,
        `import type { X } from '../nowhere.ts';\nimport { port } from './ports.ts';\nexport const solve = (x: X): number => port;\n`,
      );
      expect(await run(file, { names: ['setup', 'solve'] })).toBe(3306);
      expect(await scripts.exportsOf(file)).toEqual(['solve']);
    },
  );

  test('prints into the log, and never into the output of labs', async () => {
    lines.length = 0;
    await run(script(`console.log('one'); console.error('two'); process.stdout.write('three\\n');`));
    await eventually('the lines are here', () => (lines.length === 3 ? done(0) : notYet(lines.join())), {
      timeoutMs: 5000,
    });
    expect([...lines].sort()).toEqual(['one', 'three', 'two']);
  });

  test('is read again after an edit, once its process had no work', async () => {
    const file = script('return 1;');
    expect(await run(file)).toBe(1);
    writeFileSync(file, 'export const check = () => 2;\n');
    await eventually('the new text runs', async () => ((await run(file)) === 2 ? done(0) : notYet('the old text')), {
      timeoutMs: 20_000,
      intervalMs: 1500,
      maxIntervalMs: 1500,
    });
  });
});

describe('an error', () => {
  const problemOf = async (promise: Promise<unknown>): Promise<LabError> => {
    const error = await promise.then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(LabError);
    return error;
  };

  test('that the script throws names file, line and column', async () => {
    const error = await problemOf(run(script(`  const a = lab.nodes;\n  throw new Error('a typo');`)));
    expect(error).toMatchObject({ code: 'LAB_SCRIPT_FAILED' });
    expect(error.message).toMatch(/^The lab's script checks\/s\d+\.ts:3:9 failed: a typo$/);
  });

  test('of a function in another file of the lab names that file', async () => {
    write('checks/helper.ts', `export const help = (): never => {\n  throw new Error('no');\n};\n`);
    const file = write(
      'checks/uses-helper.ts',
      `import { help } from './helper.ts';\nexport const check = () => help();\n`,
    );
    expect((await problemOf(run(file))).message).toBe("The lab's script checks/helper.ts:2:9 failed: no");
  });

  test('of the handle keeps its code and names the line that called it', async () => {
    const kubectl = async () => {
      throw new LabError('LAB_TIMEOUT', 'node01 does not answer', { hint: 'Wait.' });
    };
    const error = await problemOf(run(script(`\n  await lab.kubectl('get', 'pods');`), { calls: calls({ kubectl }) }));
    expect(error).toMatchObject({ code: 'LAB_TIMEOUT', hint: 'Wait.' });
    expect(error.message).toMatch(/checks\/s\d+\.ts:3:13 failed: node01 does not answer$/);
  });

  test('of a command names what ran, where, and the line of the script', async () => {
    const ran = async () => ({ exitCode: 4, stdout: '', stderr: 'iptables: No chain by that name.\n' });
    const file = script(`\n  await lab.node("node01").$\`iptables -S \${["X", "a b"]}\`;`);
    const error = await problemOf(run(file, { calls: calls({ run: ran }) }));
    expect(error.message).toMatch(
      /s\d+\.ts:3:\d+ failed: `iptables -S X 'a b'` on node01 ended with exit code 4: iptables: No chain by that name\.$/,
    );
  });

  test('of the handle can be caught', async () => {
    const kubectl = () => Promise.reject(new Error('no'));
    expect(
      await run(script(`try { await lab.kubectl(); } catch (e) { return e.message; }`), { calls: calls({ kubectl }) }),
    ).toBe('no');
  });

  test('in the syntax names the line', async () => {
    const error = await problemOf(run(write('checks/syntax.ts', 'export const check = 1;\n\nconst = 2;\n')));
    expect(error).toMatchObject({ code: 'LAB_SCRIPT_BROKEN' });
    expect(error.message).toMatch(/^The lab's script checks\/syntax\.ts:3(:\d+)? cannot be loaded: /);
  });

  test('says that no function has the name', async () => {
    const error = await problemOf(run(script(''), { names: ['setup'] }));
    expect(error.message).toMatch(/^The lab's script checks\/s\d+\.ts exports no function "setup"$/);
  });

  test('that nobody awaits is told, too', async () => {
    const error = await problemOf(run(script(`Promise.reject(new Error('forgotten')); await new Promise(() => {});`)));
    expect(error.message).toMatch(/checks\/s\d+\.ts:2:16 failed: forgotten$/);
  });

  test('names the end of the process', async () => {
    expect((await problemOf(run(script(`process.exit(7);`)))).message).toMatch(/ended its process: exit code 7$/);
  });

  test('says that a value cannot be copied', async () => {
    expect((await problemOf(run(script(`return () => 1;`)))).message).toMatch(/could not be cloned/);
  });
});

describe('the time limit', () => {
  test.each(['for (;;) {}', 'await new Promise(() => {});'])('holds against %s', async (body) => {
    await expect(run(script(body), { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'LAB_SCRIPT_BROKEN',
      message: expect.stringMatching(/checks\/s\d+\.ts took longer than 0\.3 s$/),
    });
  });

  test('of one script leaves the others alone, also when it never yields', async () => {
    const patient = (ms: number) => script(`await new Promise((r) => setTimeout(r, ${ms})); return 'fine';`);
    const endings = await Promise.allSettled([
      run(patient(400), { repeatable: true }),
      run(script('for (;;) {}'), { repeatable: true, timeoutMs: 1000 }),
      run(script('await new Promise(() => {});'), { repeatable: true, timeoutMs: 1000 }),
      run(script('process.exit(3);'), { repeatable: true }),
      run(patient(500), { repeatable: true }),
    ]);
    expect(
      endings.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.message.replace(/.*\.ts /, ''))),
    ).toEqual(['fine', 'took longer than 1 s', 'took longer than 1 s', 'ended its process: exit code 3', 'fine']);
  });

  test('does not run a script twice that may have changed something', async () => {
    let called = 0;
    const kubectl = async () => {
      called += 1;
    };
    const other = run(script('await lab.kubectl(); await new Promise(() => {});'), { calls: calls({ kubectl }) });
    const loop = run(script('await lab.kubectl(); for (;;) {}'), { calls: calls({ kubectl }), timeoutMs: 1000 });
    const endings = await Promise.allSettled([other, loop]);
    expect(endings.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(called).toBe(2);
  });
});

test('what a script leaves running ends with its process', async () => {
  const pidFile = join(folder, 'child-pid');
  const file = script(
    `const { spawn } = await import('node:child_process');
     const child = spawn('sleep', ['600'], { stdio: 'ignore' });
     (await import('node:fs')).writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));`,
  );
  await run(file);
  const pid = readFileSync(pidFile, 'utf8');
  await eventually('the program is gone', () => (isGone(pid) ? done(0) : notYet('it runs')), { timeoutMs: 20_000 });
});

test('an abort ends the script at once', async () => {
  const stop = new AbortController();
  const ended = run(script('for (;;) {}'), { signal: stop.signal });
  stop.abort(new Error('Ctrl-C'));
  await expect(ended).rejects.toThrow('Ctrl-C');
  await expect(run(script('return 1;'), { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
});

test('a script that never yields ends with labs, however labs ends', async () => {
  const pidFile = join(folder, 'pid');
  const file = script(
    `(await import('node:fs')).writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (;;) {}`,
  );
  const source = new URL('../../../src/host/script/scripts.ts', import.meta.url).href;
  const labs = `import { createScripts } from ${JSON.stringify(source)};
    import { existsSync } from 'node:fs';
    createScripts().run(${JSON.stringify(file)}, { names: ['check'], calls: {}, timeoutMs: 60000, signal: new AbortController().signal });
    setInterval(() => { if (existsSync(${JSON.stringify(pidFile)})) process.kill(process.pid, 'SIGKILL'); }, 50);`;
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', labs], { stdio: 'ignore' })).toThrow();
  const pid = readFileSync(pidFile, 'utf8');
  await eventually('the process of the script is gone', () => (isGone(pid) ? done(0) : notYet('it runs')), {
    timeoutMs: 20_000,
  });
});
