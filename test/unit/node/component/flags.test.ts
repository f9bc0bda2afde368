import { describe, expect, test } from 'vitest';
import { describeFlags } from '../../../../src/node/component/flag-text.ts';
import { FlagError, parseFlags } from '../../../../src/node/component/flags.ts';

const specs = {
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'where to listen' },
  'secure-port': { type: 'int', default: '6443', help: 'which port' },
  'allocate-node-cidrs': { type: 'boolean', default: 'false', help: 'give nodes their networks' },
  'node-labels': { type: 'list', help: 'labels' },
  'sync-period': { type: 'duration', default: '30s', help: 'how often' },
  v: { type: 'int', default: '0', help: 'verbosity', short: 'v' },
  version: { type: 'boolean', help: 'print the version' },
} as const;

const read = (...argv: string[]) => parseFlags(specs, argv);

describe('parsing flags', () => {
  test('uses the default of a flag that is not given, or undefined', () => {
    expect(read()).toEqual({
      'bind-address': '0.0.0.0',
      'secure-port': 6443,
      'allocate-node-cidrs': false,
      'node-labels': undefined,
      'sync-period': 30_000,
      v: 0,
      version: undefined,
    });
  });

  test.each([
    [['--secure-port=7443'], { 'secure-port': 7443 }],
    [['--secure-port', '7443'], { 'secure-port': 7443 }],
    [['-secure-port=7443'], { 'secure-port': 7443 }],
    [['--secure_port=7443'], { 'secure-port': 7443 }],
    [['--secure-port=1', '--secure-port=2'], { 'secure-port': 2 }],
    [['-v=4'], { v: 4 }],
    [['-v', '4'], { v: 4 }],
    [['-v4'], { v: 4 }],
    [['--v=4'], { v: 4 }],
    [['--allocate-node-cidrs'], { 'allocate-node-cidrs': true }],
    [['--allocate-node-cidrs=false'], { 'allocate-node-cidrs': false }],
    [['--allocate-node-cidrs=F'], { 'allocate-node-cidrs': false }],
    [['--allocate-node-cidrs=1'], { 'allocate-node-cidrs': true }],
    [['--allocate-node-cidrs', '--v=2'], { 'allocate-node-cidrs': true, v: 2 }],
    [['--version'], { version: true, v: 0 }],
    [['--node-labels=a=b,c=d'], { 'node-labels': ['a=b', 'c=d'] }],
    [['--node-labels=a=b', '--node-labels', 'c=d'], { 'node-labels': ['a=b', 'c=d'] }],
    [['--node-labels='], { 'node-labels': [] }],
    [['--bind-address='], { 'bind-address': '' }],
    [['--bind-address', '-v'], { 'bind-address': '-v' }],
    [['--bind-address=a=b\nc'], { 'bind-address': 'a=b\nc' }],
    [['--sync-period=1m30s'], { 'sync-period': 90_000 }],
    [['--sync-period=1.5s'], { 'sync-period': 1500 }],
    [['--sync-period=100ms'], { 'sync-period': 100 }],
    [['--sync-period=0'], { 'sync-period': 0 }],
  ])('parses %j as %j', (argv, expected) => {
    expect(read(...argv)).toMatchObject(expected);
  });

  test.each([
    [['--nonsense'], 'unknown flag: --nonsense'],
    [['--nonsense=1'], 'unknown flag: --nonsense'],
    [['-x'], 'unknown flag: -x'],
    [['--secure-port'], 'flag needs an argument: --secure-port'],
    [['--secure-port=https'], 'invalid argument "https" for "--secure-port" flag: it must be a whole number'],
    [['--allocate-node-cidrs=maybe'], 'it must be true or false'],
    [['--sync-period=30'], 'it must be a duration such as 30s or 1m30s'],
    [['stray'], 'unexpected argument: stray'],
  ])('refuses %j with %s', (argv, message) => {
    expect(() => read(...argv)).toThrow(FlagError);
    expect(() => read(...argv)).toThrow(message);
  });

  test('describes each flag with its default', () => {
    expect(describeFlags(specs)).toContain('--secure-port int\n          which port (default 6443)');
  });
});
