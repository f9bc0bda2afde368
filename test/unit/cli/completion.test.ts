import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { takesLabFirst } from '../../../src/host/cli/command.ts';
import { run } from '../../../src/host/cli/commands/completion.ts';
import { commands } from '../../../src/host/cli/commands.ts';
import { type Candidate, candidatesFor, type NameSource } from '../../../src/host/cli/completion-words.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { fakeOutput } from './fake-output.ts';

/** The names of two running labs: `one` has a node, a pod and two tasks; `two` has one task. */
const names = (running: readonly string[] = ['one', 'two']): NameSource => ({
  of: async (kind, lab = 'one') => {
    const known: Readonly<Record<string, readonly Candidate[]>> = {
      labs: [['service-networking', 'Service networking']],
      running: running.map((name) => [name, 'running']),
      tasks:
        lab === 'one'
          ? [
              ['first', '1. First'],
              ['mend', '2. Mend'],
            ]
          : [['other', '1. Other']],
      places: [
        ['node01', 'node'],
        ['blue', 'pod'],
      ],
      units: [
        ['kubelet', ''],
        ['kube-proxy', ''],
      ],
      targets: [
        ['service/web', 'service'],
        ['node01', 'node'],
      ],
    };
    return known[kind] ?? [];
  },
  kubectl: async (words, lab = 'one') => [[`${words.length} words in ${lab}`, '']],
});

/** The words that may come next. */
const offered = async (words: readonly string[], source = names()): Promise<readonly string[]> =>
  (await candidatesFor(words, { commands, names: source, language: 'en' })).map(([word]) => word);

describe('completion', () => {
  test('offers every command with its summary', async () => {
    expect(await offered([''])).toEqual(commands.map(({ name }) => name));
    expect(await offered(['st'])).toEqual(['start', 'status', 'stop']);
    const [[, meaning] = []] = await candidatesFor(['sta'], { commands, names: names(), language: 'ko' });
    expect(meaning).toMatch(/[가-힣]/);
  });

  test.each([
    [['start', ''], ['service-networking']],
    [['stop', 't'], ['two']],
    [
      ['tasks', ''],
      ['first', 'mend', 'one', 'two'],
    ],
    [['check', 'two', ''], ['other']],
    [
      ['--name', 'two', 'hint', 'o'],
      ['other', 'one'],
    ],
    [['--name=two', 'hint', 'ot'], ['other']],
    [['shell', 'n'], ['node01']],
    [['shell', 'node01', ''], []],
    [['shell', 'node01', '--', '-'], []],
    [
      ['logs', 'node01', 'kube'],
      ['kubelet', 'kube-proxy'],
    ],
    [['logs', 'two', 'b'], ['blue']],
    [['forward', 's'], ['service/web']],
    [
      ['image', 'l'],
      ['list', 'load'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['check', '--w'], ['--watch']],
    [['check', '--watch', 'm'], ['mend']],
    [['status', '--name', 't'], ['two']],
    [['status', '--name', '=', 't'], ['two']],
    [
      ['list', '--lang', ''],
      ['en', 'ko'],
    ],
    [['--n'], ['--name', '--no-color', '--no-pager']],
    [['nothing', ''], commands.map(({ name }) => name)],
  ])('of %j is %j', async (words, expected) => {
    expect(await offered(words)).toEqual(expected);
  });

  test('offers no names of labs for a task if only one lab is running', async () => {
    expect(await offered(['tasks', ''], names(['one']))).toEqual(['first', 'mend']);
  });

  test('asks kubectl for its own words', async () => {
    const source: NameSource = { ...names(), kubectl: async (words, lab) => [[`--${words.join(',')} ${lab}`, '']] };
    for (const name of [
      ['--name', 'two', 'kubectl'],
      ['kubectl', '--name', 'two'],
      ['kubectl', '--name=two'],
    ])
      expect(await offered([...name, '-n', 'x', '--'], source)).toEqual(['---n,x,-- two']);
  });

  test('offers options of every command', async () => {
    const options = await Promise.all(
      commands.filter(({ foreign }) => !foreign).map(({ name }) => offered([name, '--n'])),
    );
    for (const each of options) expect(each).toEqual(expect.arrayContaining(['--name', '--no-pager']));
    expect(options.length).toBeGreaterThan(20);
  });
});

test('every command whose first operand is a task takes the name of a lab before it', () => {
  const ofTasks = commands.filter(({ operands = '' }) => /^[[<]task|\|task/.test(operands));
  expect(ofTasks.length).toBeGreaterThan(5);
  for (const command of ofTasks) expect(takesLabFirst(command), command.name).toBe(true);
});

const script = async (...args: readonly string[]): Promise<string> => {
  const { output, lines } = fakeOutput();
  const environment = { language: 'en' };
  await run({ output, commands, environment, say: messagesIn('en') } as unknown as Context, args, {});
  return lines.join('\n');
};

/** Stands for labs: prints the words that it was asked about, and a candidate with a meaning. */
const fake = 'labs() { printf "%s\\n" "$*"; printf "node01\\tnode\\n"; }';

describe('the completion script', () => {
  test('for bash asks labs about the words so far', async () => {
    const line = `${await script('bash')}
${fake}
COMP_WORDS=(labs --name x shell n rest); COMP_CWORD=4; _labs labs
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', line], { encoding: 'utf8' });
    expect(stdout).toBe('completion words --name x shell n\nnode01\n');
  });

  test('for another shell is refused', async () => {
    await expect(script('tcsh')).rejects.toMatchObject({ code: 'LAB_USAGE', exitCode: 2 });
  });

  test('has no JSON form, and no further words', async () => {
    const message = expect.stringContaining('has no JSON form');
    await expect(script('bash', '--json')).rejects.toMatchObject({ code: 'LAB_USAGE', message });
    await expect(script('bash', 'zsh')).rejects.toMatchObject({ message: expect.stringMatching(/^Too many/) });
  });

  test.each(['zsh', 'fish'])('for %s asks labs about the words so far', async (shell) => {
    expect(await script(shell)).toMatch(/completion words .*current|completion words .*CURRENT/i);
  });
});
