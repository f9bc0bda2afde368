import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../src/host/cli/commands/completion.ts';
import { commands } from '../../../src/host/cli/commands.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { fakeOutput } from './fake-output.ts';

let script = '';
beforeAll(async () => {
  const { output, lines } = fakeOutput();
  await run({ output, commands, say: messagesIn('en') } as unknown as Context, ['bash'], {});
  script = lines.join('\n');
});

/** Stands for labs with a running lab: prints what `labs status --json` and kubectl print. */
const running = `labs() {
  case "$1" in
    status) printf '%s\\n' '{' '  "name": "x",' '  "machines": [' '    {' '      "name": "fabric",' '    }, {' \\
      '      "name": "node01",' '    }, {' '      "name": "node02",' \\
      '      "components": [ {' '          "name": "kubelet",' ;;
    kubectl) printf 'pod/blue\\npod/orange\\n' ;;
  esac
}`;

/** The words that bash offers for the last of these words. */
const complete = (...words: string[]): readonly string[] => {
  const line = `${script}
${running}
COMP_WORDS=(labs ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _labs
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync('bash', ['--norc', '-c', line], { encoding: 'utf8' });
  return stdout.split('\n').filter((word) => word !== '');
};

describe('bash completion', () => {
  test('offers every command', () => {
    expect(complete('')).toEqual(commands.map(({ name }) => name));
    expect(complete('st')).toEqual(['start', 'status', 'stop']);
  });

  test('offers the options of a command', () => {
    expect(complete('check', '--w')).toEqual(['--watch']);
    expect(complete('status', '--')).toEqual(expect.arrayContaining(['--json', '--name', '--lang', '--help']));
  });

  test('offers the machines and pods of the running lab', () => {
    expect(complete('shell', 'node')).toEqual(['node01', 'node02']);
    expect(complete('shell', '')).toEqual(['node01', 'node02', 'blue', 'orange']);
    expect(complete('logs', 'or')).toEqual(['orange']);
    expect(complete('logs', '--f')).toEqual(['--follow']);
  });

  test('leaves the options of kubectl to kubectl', () => {
    expect(complete('kubectl', '--')).toEqual([]);
  });

  test('is refused for another shell', async () => {
    const context = { output: fakeOutput().output, commands, say: messagesIn('en') } as unknown as Context;
    await expect(run(context, ['fish'], {})).rejects.toMatchObject({ code: 'LAB_USAGE', exitCode: 2 });
  });
});
