import { readFileSync } from 'node:fs';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { commands } from '../../../src/host/cli/commands.ts';
import { parseCommandLine } from '../../../src/host/cli/program.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { LabError } from '../../../src/kit/error.ts';

const parse = (...argv: string[]) => {
  const printed: string[] = [];
  const parsed = parseCommandLine(argv, {
    language: 'en',
    version: '1.2.3',
    width: 80,
    write: (text) => void printed.push(text),
  });
  return { parsed, printed: printed.join('') };
};

const parseRun = (...argv: string[]) => {
  const { parsed } = parse(...argv);
  if (parsed.kind !== 'run') throw new Error('printed instead');
  return { command: parsed.command.name, args: parsed.args, options: parsed.options };
};

/** Returns the help in a language, after a check that its lines fit into 80 columns. */
const help = (language: 'en' | 'ko', ...argv: string[]): string => {
  let printed = '';
  const write = (text: string): void => {
    printed += text;
  };
  parseCommandLine([...argv, '--help'], { language, version: '1', width: 80, write });
  for (const line of printed.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  return printed;
};

const refusal = (...argv: string[]): LabError => {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof LabError) return error;
  }
  throw new Error('not refused');
};

const names = commands.map(({ name }) => name);

describe('the command line', () => {
  test.each(commands.map((command) => [command.name, command] as const))(
    'has a module for `%s`',
    async (_, command) => {
      expect((await command.load()).run).toBeTypeOf('function');
    },
  );

  test.each(commands.flatMap(({ name, examples }) => examples.map((example) => [example, name])))(
    'understands the example `labs %s`',
    (example, name) => {
      const words = example.split(/ [<>] /)[0]?.split(' ') ?? [];
      expect(parseRun(...words).command).toBe(name);
    },
  );

  test('takes options before and after the command', () => {
    expect(parseRun('--yes', 'delete', 'x', '--all')).toMatchObject({
      command: 'delete',
      args: ['x'],
      options: { yes: true, all: true },
    });
    expect(parseRun('grade', '--json', '--name', 'second')).toMatchObject({ options: { json: true, name: 'second' } });
  });

  test('has no colours if --no-color stands before or after the command', () => {
    expect(parseRun('list').options.color).toBe(true);
    expect(parseRun('list', '--no-color').options.color).toBe(false);
    expect(parseRun('--no-color', 'list').options.color).toBe(false);
  });

  test('starts no pager if --no-pager stands before or after the command', () => {
    expect(parseRun('tasks').options.pager).toBe(true);
    expect(parseRun('tasks', '--no-pager').options.pager).toBe(false);
    expect(parseRun('--no-pager', 'tasks').options.pager).toBe(false);
  });

  test('collects the reports of a repeated --report', () => {
    expect(parseRun('grade', '--report', 'junit=a', '-r', 'tap=b').options.report).toEqual(['junit=a', 'tap=b']);
  });

  test.each([
    [['kubectl', 'get', 'pods', '-n', 'x', '-o', 'yaml']],
    [['kubectl', '-n', 'x', 'get', 'pods', '--help']],
    [['kubectl', '--help']],
    [['kubectl', 'exec', '-it', 'web', '--', 'sh', '-c', 'ls -l']],
    [['kubectl', 'run', 'x', '--image=web', '--yes', '--name', 'y']],
  ])('passes %j to kubectl unchanged', (argv) => {
    expect(parseRun(...argv)).toMatchObject({ command: 'kubectl', args: argv.slice(1) });
  });

  test.each([[['--name', 'second', 'kubectl']], [['kubectl', '--name', 'second']], [['kubectl', '--name=second']]])(
    'takes the name of the lab from %j, and passes the rest to kubectl',
    (argv) => {
      expect(parseRun(...argv, '-n', 'x', 'get', 'pods', '--name', 'y')).toMatchObject({
        command: 'kubectl',
        args: ['-n', 'x', 'get', 'pods', '--name', 'y'],
        options: { name: 'second' },
      });
    },
  );

  test('leaves options after the machine to the command that `shell` runs', () => {
    expect(parseRun('shell', '--name', 'a', 'node01', '--', 'ls', '--name')).toMatchObject({
      args: ['node01', '--', 'ls', '--name'],
      options: { name: 'a' },
    });
    expect(parseRun('shell', 'node01', 'ip', '-d', 'link').args).toEqual(['node01', 'ip', '-d', 'link']);
  });

  test('prints the help if there is no command', () => {
    expect(parse().printed).toContain('Usage: labs');
    expect(parse('--version').printed).toContain('1.2.3');
  });

  test.each(['en', 'ko'] as const)('names every command in the help, in at most 80 columns (%s)', (language) => {
    const printed = help(language);
    for (const name of names) expect(printed).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });

  test.each(names.filter((name) => name !== 'kubectl'))(
    '`%s --help` fits into 80 columns in both languages',
    (name) => {
      for (const language of ['en', 'ko'] as const) expect(help(language, name)).not.toBe('');
    },
  );

  test('the README names every command', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    for (const name of names) expect(readme).toContain(`\`labs ${name}`);
  });

  test('names every report format in the help', () => {
    for (const format of Object.keys(reportFormats)) expect(help('en', 'grade')).toContain(format);
  });

  test.each(names.filter((name) => name !== 'kubectl'))('`%s --help` shows examples', (name) => {
    const { printed, parsed } = parse(name, '--help');
    expect(parsed.kind).toBe('printed');
    expect(printed).toMatch(new RegExp(`Examples:\\n  labs ${name}`));
  });

  test.each(commands.filter(({ json }) => json !== 'foreign'))(
    '`$name --json` prints JSON, or is refused with a sentence',
    ({ name, operands, json }) => {
      const argv = [name, '--json', ...(operands?.match(/<\w+>/g) ?? []).map(() => 'list')];
      if (json === true) expect(parseRun(...argv).options.json).toBe(true);
      else expect(refusal(...argv).message).toMatch(/has no JSON form: it \w+/);
    },
  );

  test('a program gets its own --json', () => {
    expect(parseRun('shell', 'node01', '--', 'lsblk', '--json').options.json).toBeUndefined();
    expect(parseRun('kubectl', 'get', '--json').args).toEqual(['get', '--json']);
  });

  test('the help of `hint` says what is counted', () => {
    expect(help('en', 'hint')).toMatch(/one more hint and counts it as read/);
    expect(help('ko', 'hint')).toMatch(/읽은 힌트로 셉니다/);
  });

  test('the help of `logs` names the fields of its JSON, in both languages', () => {
    for (const language of ['en', 'ko'] as const)
      for (const field of ['time', 'machine', 'unit', 'namespace', 'pod', 'container', 'message'])
        expect(help(language, 'logs')).toMatch(new RegExp(`\\b${field}\\b`));
  });

  test.each([
    [['strat'], "unknown command 'strat'", 'Did you mean start?'],
    [['start', '--nmae', 'x'], "unknown option '--nmae'", 'Did you mean --name?'],
    [['start', 'a', 'b'], "too many arguments for 'start'", 'See `labs start --help`.'],
    [['grade', '--report'], 'argument missing', 'See `labs grade --help`.'],
    [['start', '--lang', 'fr'], 'must be one of en, ko', 'See `labs start --help`.'],
    [['--json'], '`--json` comes behind a command', 'See `labs --help`.'],
    [['image'], "missing required argument 'action'", 'See `labs image --help`.'],
  ])('refuses %j', (argv, message, hint) => {
    const error = refusal(...argv);
    expect(error).toMatchObject({ code: 'LAB_USAGE', exitCode: 2, hint });
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/^error:/);
  });

  test.each([
    [['strat'], '없는 명령입니다: "strat"', '혹시 start입니까?'],
    [['start', '--nmae'], '없는 옵션입니다: "--nmae"', '혹시 --name입니까?'],
    [['image'], '인자가 빠졌습니다: action', '`labs image --help`를 보세요.'],
    [['list', '--lang', 'fr'], /하나여야/, '`labs list --help`를 보세요.'],
  ])('refuses %j in Korean', (argv, message, hint) => {
    const options = { language: 'ko', version: '1', width: 80, write: () => {} } as const;
    const error = { message: expect.stringMatching(message), hint };
    expect(() => parseCommandLine(argv, options)).toThrow(expect.objectContaining(error));
  });
});
