import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Language } from '../../../src/api/lab.ts';
import { commandForms } from '../../../src/host/cli/command-form.ts';
import { run as home } from '../../../src/host/cli/commands/home.ts';
import { run as next } from '../../../src/host/cli/commands/next.ts';
import { commands } from '../../../src/host/cli/commands.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { openProgress } from '../../../src/host/tasks/progress.ts';
import type { FakeDocker } from '../../support/fake-docker.ts';
import { engineWith } from './fake-engine.ts';
import { fakeOutput } from './fake-output.ts';

const labs = fileURLToPath(new URL('../../../labs', import.meta.url));
const definition = await loadLab(join(labs, 'service-networking'));

let stateFolder: string;
beforeAll(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'labs-home-'));
});
afterAll(() => rmSync(stateFolder, { recursive: true }));

const screenOf = async (
  docker: FakeDocker,
  language: Language = 'en',
  run = home,
  given: { readonly name?: string; readonly instance?: string } = {},
): Promise<string> => {
  const printed = commandForms(commands, 'npx labs');
  const { output, lines } = fakeOutput({ printed });
  const context = {
    output,
    say: messagesIn(language, printed),
    environment: { language, stateFolder, variables: {}, instance: given.instance },
    name: given.name ?? given.instance,
    paths: { labs: [labs] },
    signal: new AbortController().signal,
    docker: async () => docker,
  };
  expect(await run(context as unknown as Context, [], {})).toBe(0);
  return lines.join('\n');
};

const pass = async (docker: FakeDocker, tasks: number): Promise<void> => {
  const instance = (await docker.inspect('labs-service-networking-fabric'))?.id ?? '';
  const done = definition.tasks.slice(0, tasks).map(({ id }) => ({ id, score: 1, maxScore: 1, checks: [] }));
  await openProgress({ stateFolder, name: 'service-networking', instance }).record({ tasks: done } as never);
};

describe('labs without a command', () => {
  test.each(['en', 'ko'] as const)('fits on 24 lines of 80 columns (%s)', async (language) => {
    const many = Array.from({ length: 20 }, (_, index) => `lab-${index}`);
    for (const docker of [await engineWith([]), await engineWith(['service-networking']), await engineWith(many)]) {
      const lines = (await screenOf(docker, language)).split('\n');
      expect(lines.length).toBeLessThanOrEqual(22);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    }
  });

  test('shows the progress, the next task and three commands of a running lab', async () => {
    const docker = await engineWith(['service-networking']);
    expect(await screenOf(docker)).toContain('0 of 15 tasks passed, 0 of 66 points');
    await pass(docker, 5);
    const screen = await screenOf(docker);
    expect(screen).toContain('█'.repeat(10) + '░'.repeat(20));
    expect(screen).toContain(`Next: task 6, ${definition.tasks[5]?.title.en}`);
    expect(screen.match(/^ {2}npx labs /gm)).toHaveLength(3);
    await pass(docker, 15);
    expect(await screenOf(docker)).toContain('npx labs grade');
    expect(await screenOf(docker, 'en', next)).toBe('All tasks have passed.\nNext:    npx labs grade');
  });

  test('names the command that resumes a stopped lab, with the name of the lab', async () => {
    expect(await screenOf(await engineWith([], ['second']))).toContain(
      'npx labs start service-networking --name second',
    );
  });

  test('names the command that starts the first lab if no lab is running', async () => {
    expect(await screenOf(await engineWith([]))).toContain('npx labs start service-networking');
  });

  test('lists several running labs with the command for each', async () => {
    const screen = await screenOf(await engineWith(['one', 'two'], ['three']));
    expect(screen).toMatch(/npx labs --name one +service-networking, running/);
    expect(screen).not.toContain('three');
  });

  test('names the lab in the printed commands only if they would mean another lab', async () => {
    const [both, alone] = [await engineWith(['one', 'two'], ['three']), await engineWith(['two'])];
    const named = /^ {2}npx labs --name two check --watch/m;
    const plain = /^ {2}npx labs check --watch/m;
    expect(await screenOf(both, 'en', home, { name: 'two' })).toMatch(named);
    expect(await screenOf(both, 'en', home, { instance: 'two' })).toMatch(plain);
    expect(await screenOf(alone, 'en', home, { name: 'two' })).toMatch(plain);
    expect(await screenOf(alone)).toMatch(plain);
  });
});
