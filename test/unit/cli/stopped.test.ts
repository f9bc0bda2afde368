// What a student can read while the lab is stopped or half-started.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run as check } from '../../../src/host/cli/commands/check.ts';
import { whyDown } from '../../../src/host/cli/commands/forward.ts';
import { run as hint } from '../../../src/host/cli/commands/hint.ts';
import { run as next } from '../../../src/host/cli/commands/next.ts';
import { placeEnded } from '../../../src/host/cli/commands/shell.ts';
import { run as status } from '../../../src/host/cli/commands/status.ts';
import { run as tasks } from '../../../src/host/cli/commands/tasks.ts';
import type { Context, Run } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import type { FakeDocker } from '../../support/fake-docker.ts';
import { engineWith } from './fake-engine.ts';
import { fakeOutput } from './fake-output.ts';

const labs = fileURLToPath(new URL('../../../labs', import.meta.url));
let stateFolder: string;
let engines: { readonly running: FakeDocker; readonly stopped: FakeDocker };
beforeAll(async () => {
  engines = { running: await engineWith(['second']), stopped: await engineWith([], ['second']) };
  stateFolder = mkdtempSync(join(tmpdir(), 'labs-stopped-'));
});
afterAll(() => rmSync(stateFolder, { recursive: true }));

const screenOf = async (
  run: Run,
  args: readonly string[],
  { json = false, running = false, yes = false, options = {}, folder = labs } = {},
): Promise<string> => {
  const docker = running ? engines.running : engines.stopped;
  const { output, lines } = fakeOutput();
  const context = {
    output,
    json,
    yes,
    say: messagesIn('en'),
    environment: { language: 'en', stateFolder, variables: {} },
    paths: { labs: [folder] },
    signal: new AbortController().signal,
    docker: async () => docker,
  };
  expect(await run(context as unknown as Context, args, options)).toBe(0);
  return lines.join('\n');
};

const back = 'labs start service-networking --name second';

test.each([
  ['tasks', tasks, [], /15 {2}\S/],
  ['tasks 13', tasks, ['13'], /13\. /],
  ['next', next, [], /1\. /],
  ['hint', hint, ['2'], /Hint 1 of \d/],
] as const)('labs %s shows the text, and the command that brings the lab back', async (_, run, args, text) => {
  const screen = await screenOf(run, args);
  expect(screen).toMatch(text);
  expect(screen).toContain('The lab second is stopped.');
  expect(screen).toContain(back);
  expect(screen).not.toContain('labs check');
});

test('a running lab is not said to be stopped', async () => {
  expect(await screenOf(tasks, ['1'], { running: true })).toContain('labs check 1');
  expect(await screenOf(tasks, [], { running: true })).not.toContain('labs start');
});

test('without a hint that was read, `hint --read` says so', async () => {
  expect(await screenOf(hint, ['12'], { options: { read: true } })).toContain('No hint of this task was read yet.');
});

test('hints are counted, also as JSON', async () => {
  const first = JSON.parse(await screenOf(hint, ['11'], { json: true }));
  expect(first).toMatchObject({ number: 11, count: expect.any(Number), hints: [expect.any(String)] });
  expect(first).toMatchObject({ taken: true, cost: 0 });
  expect(JSON.parse(await screenOf(hint, ['11'], { json: true })).hints).toHaveLength(2);
});

test('--read shows the hints that were read, and counts none', async () => {
  const read = async (json: boolean) => screenOf(hint, ['5'], { json, options: { read: true } });
  expect(JSON.parse(await read(true))).toMatchObject({ hints: [], taken: false });
  await screenOf(hint, ['5']);
  for (const _ of [1, 2]) expect(JSON.parse(await read(true)).hints).toHaveLength(1);
  const screen = await read(false);
  expect(screen).toContain('Hint 1 of 2');
  expect(screen).not.toContain('Hint 2 of 2');
  expect(screen).toContain('Next hint: labs hint 5');
});

test('a hint that costs points is shown only after a question, or with --yes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-hint-'));
  try {
    cpSync(labs, folder, { recursive: true });
    const file = join(folder, 'service-networking/lab.yaml');
    const costly = 'hints:\n      - { text: The first hint, cost: 2 }\n      - ';
    writeFileSync(file, readFileSync(file, 'utf8').replace(/hints:\n {6}- /, costly));
    const read = (options: object) => screenOf(hint, ['1'], { ...options, folder });
    await expect(read({})).rejects.toMatchObject({ code: 'LAB_NEEDS_YES' });
    expect(await read({ options: { read: true } })).toContain('No hint of this task was read yet.');
    expect(await read({ yes: true })).toContain('The first hint');
    // The next one costs nothing.
    expect(await read({})).toContain('Hint 2 of ');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the status names machines whose containers are gone, and the command that makes them again', async () => {
  const screen = await screenOf(status, []);
  for (const machine of ['controlplane', 'node01', 'node02', 'client'])
    expect(screen).toMatch(new RegExp(`${machine} +- +missing`));
  expect(screen).toContain('labs reset second');
  expect(JSON.parse(await screenOf(status, [], { json: true }))).toMatchObject({
    missing: ['controlplane', 'node01', 'node02', 'client'],
  });
});

test('a check is refused, and the error names the same command', async () => {
  await expect(screenOf(check, [])).rejects.toMatchObject({
    code: 'LAB_NOT_READY',
    hint: expect.stringContaining(back),
  });
});

test('a forward says that the lab is stopped or deleted, and names the command that brings it back', async () => {
  const { output } = fakeOutput();
  const signal = new AbortController().signal;
  const why = (docker: FakeDocker, name: string) => {
    const context = { output, say: messagesIn('en'), signal, docker: async () => docker } as unknown as Context;
    const cluster = {
      lab: 'service-networking',
      definition: '',
      variation: {},
      state: 'running',
      machines: 1,
    } as const;
    return whyDown(context, { name, ...cluster });
  };
  expect(await why(engines.running, 'second')).toBeUndefined();
  expect(await why(engines.stopped, 'second')).toBe(`The lab second is stopped. Resume the lab: \`${back}\`.`);
  expect(await why(engines.stopped, 'third')).toContain('The lab third was deleted. Build the lab again: `labs start');
});

describe('after a shell, its machine has ended', () => {
  const ended = async (exitCode: number, later: (docker: FakeDocker, machine: string) => Promise<void>) => {
    const docker = await engineWith(['third']);
    const container = 'labs-third-fabric';
    const startedAt = (await docker.inspect(container))?.startedAt;
    // A stop ends the programs of a machine before the machine.
    setImmediate(() => void later(docker, container));
    return placeEnded(docker, { container, command: [], startedAt }, exitCode);
  };

  test.each([129, 137, 143])('if it stops or is deleted a moment after a shell with exit code %i', async (exitCode) => {
    expect(await ended(exitCode, (docker, machine) => docker.stop(machine))).toBe(true);
    expect(await ended(exitCode, (docker, machine) => docker.remove(machine))).toBe(true);
  });

  test('but not after the user’s own exit', async () => {
    for (const exitCode of [0, 1, 130]) expect(await ended(exitCode, async () => {})).toBe(false);
  });
});
