import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { commandForms, npxForm } from '../../../src/host/cli/command-form.ts';
import { commands } from '../../../src/host/cli/commands.ts';
import { createOutput, type OutputOptions } from '../../../src/host/cli/output.ts';

/** An output to a terminal of 120 columns or to a pipe, and the texts that were written to it. */
const outputOn = (stream: 'terminal' | 'pipe', options: Partial<OutputOptions> = {}) => {
  const written: string[] = [];
  const size = stream === 'terminal' ? { isTTY: true, columns: 120, rows: 24 } : {};
  const write = (text: string): boolean => written.push(text) > 0;
  const stdout = Object.assign(new EventEmitter(), { ...size, write }) as unknown as NodeJS.WriteStream;
  const stdin = { isTTY: stream === 'terminal' } as NodeJS.ReadStream;
  return { written, output: createOutput({ color: 'auto', stdout, stderr: stdout, stdin, ...options }) };
};

describe('the output', () => {
  test('writes above the lines that are drawn in place, and draws these lines again', () => {
    const { written, output } = outputOn('terminal');
    output.live(['one', 'two']);
    output.note('remark');
    expect(written.join('')).toBe('one\ntwo\n\r\u001b[2A\u001b[Jremark\none\ntwo\n');
  });

  test('draws nothing in place without a terminal', () => {
    const { written, output } = outputOn('pipe');
    output.live(['one']);
    output.line('two');
    expect(written).toEqual(['two\n']);
    expect(output).toMatchObject({ terminal: false, interactive: false });
  });

  test('is at most 80 columns wide', () => {
    expect(outputOn('terminal').output.width).toBe(80);
    expect(outputOn('pipe').output.width).toBe(80);
  });

  test.each([
    ['auto', 'terminal', true],
    ['auto', 'pipe', false],
    ['always', 'pipe', true],
    ['never', 'terminal', false],
  ] as const)('colours: %s, to a %s: %s', (color, stream, colored) => {
    const { output } = outputOn(stream, { color });
    expect(output.colored).toBe(colored);
    expect(output.paint(['red', 'bold'], 'x')).toBe(colored ? '\u001b[31m\u001b[1mx\u001b[22m\u001b[39m' : 'x');
  });
});

describe('a text that is longer than the screen', () => {
  const lines = (count: number): string => 'line\n'.repeat(count);
  const paged = async (stream: 'terminal' | 'pipe', text: string, shows = true) => {
    const seen: string[] = [];
    const pager = async (shown: string) => shows && seen.push(shown) > 0;
    const { written, output } = outputOn(stream, { pager });
    output.write(text);
    output.line('end');
    await output.flush();
    await output.flush();
    return { seen, written: written.join('') };
  };

  test('is shown in the pager, once', async () => {
    expect(await paged('terminal', lines(30))).toEqual({ seen: [`${lines(30)}end\n`], written: '' });
    // 23 lines and the prompt of the shell fill the screen. A line of 121 columns takes two rows.
    expect((await paged('terminal', `${lines(21)}${'x'.repeat(121)}\n`)).seen).toHaveLength(1);
  });

  test.each([
    ['fits on the screen', 'terminal', lines(22), true],
    ['goes to a pipe', 'pipe', lines(30), true],
    ['the pager does not run', 'terminal', lines(30), false],
  ] as const)('is printed if it %s', async (_reason, stream, text, shows) => {
    expect(await paged(stream, text, shows)).toEqual({ seen: [], written: `${text}end\n` });
  });
});

describe('started by npx', () => {
  const rewrite = commandForms(commands, 'npx labs');

  test('names commands as the user can type them', () => {
    const { written, output } = outputOn('pipe', { rewrite });
    output.line('Run `labs start`, labs --name x tasks, or npx labs list; labs are fun, /etc/labs list');
    expect(written.join('')).toBe(
      'Run `npx labs start`, npx labs --name x tasks, or npx labs list; labs are fun, /etc/labs list\n',
    );
  });

  test.each(commands.map(({ name }) => name))('names `%s` as the user can type it', (name) => {
    expect(rewrite(`\`labs ${name}\``)).toBe(`\`npx labs ${name}\``);
  });

  test.each([
    [{}, '/work/labs', undefined],
    [{ npm_command: 'exec' }, '/work/labs', 'npx labs'],
    [{ npm_command: 'exec', npm_config_package: '' }, '/work/labs', 'npx labs'],
    [{ npm_command: 'exec', npm_config_package: './x-1.tgz' }, '/home/_npx/1/x', 'npx --package ./x-1.tgz labs'],
    [{ npm_command: 'exec' }, '/home/_npx/1/x', 'npx --package ./kube-network-labs-1.2.3.tgz labs'],
  ])('by %j from %s is typed as %s', (variables, root, form) => {
    expect(npxForm({ variables, root, version: '1.2.3' })).toBe(form);
  });

  test('from a file names this file, once', () => {
    const form = 'npx --package ./x-1.tgz labs';
    const fromFile = commandForms([{ name: 'check' }], form);
    expect(fromFile(fromFile('Run `labs check`, or `labs`.'))).toBe(`Run \`${form} check\`, or \`${form}\`.`);
  });
});

describe.each(['labs', 'npx labs'])('typed as `%s`, with --lang', (program) => {
  const rewrite = commandForms(commands, program, 'ko');

  test.each([
    ['`labs check 4`', undefined, `\`${program} --lang ko check 4\``],
    [
      '`labs check 4`, or `labs`',
      'second',
      `\`${program} --lang ko --name second check 4\`, or \`${program} --lang ko\``,
    ],
    ['`labs kubectl get pods`', undefined, `\`${program} kubectl get pods\``],
    ['`labs --lang en tasks`', undefined, `\`${program} --lang en tasks\``],
  ])('names the commands of %j in the language that was asked for', (text, lab, typed) => {
    expect(rewrite(text, lab)).toBe(typed);
    expect(rewrite(rewrite(text, lab), lab)).toBe(typed);
  });
});

describe.each(['labs', 'npx labs'])('typed as `%s`, with several running labs', (program) => {
  const rewrite = commandForms(commands, program);

  test.each([
    ['`labs check 4`', `\`${program} --name second check 4\``],
    ['`labs kubectl get pods`', `\`${program} --name second kubectl get pods\``],
    ['`labs --name first check`', `\`${program} --name first check\``],
    ['`labs delete second`', `\`${program} delete second\``],
    ['`labs start service-networking --name second`', `\`${program} start service-networking --name second\``],
    [
      '`labs explain conntrack`, `labs list` and `labs`',
      `\`${program} explain conntrack\`, \`${program} list\` and \`${program}\``,
    ],
  ])('%s becomes %s, also if it is changed twice', (text, expected) => {
    expect(rewrite(text, 'second')).toBe(expected);
    expect(rewrite(rewrite(text), 'second')).toBe(expected);
    expect(rewrite(rewrite(text, 'second'), 'second')).toBe(expected);
  });
});

test('a long remark is wrapped on a terminal, with the indent of its line, and stays whole elsewhere', () => {
  const remark = `  - ${'word '.repeat(20)}end`;
  const onTerminal = outputOn('terminal', {});
  onTerminal.output.note(remark);
  const rows = onTerminal.written.join('').trimEnd().split('\n');
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).toMatch(/^ {2}\S.{0,77}$/);
  const inPipe = outputOn('pipe', {});
  inPipe.output.note(remark);
  expect(inPipe.written.join('')).toBe(`${remark}\n`);
});
