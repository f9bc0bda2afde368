import { describe, expect, test } from 'vitest';
import { bootstrapArguments, parseAptOptions, parseMirror } from '../../../src/host/image/debian.ts';

describe('the mirror that this machine uses', () => {
  test.each([
    ['the one-line format', 'deb http://mirror.example/debian bookworm main contrib\n', 'http://mirror.example/debian'],
    [
      'options in brackets',
      'deb [signed-by=/k.gpg arch=amd64] https://m.example/debian/ trixie main',
      'https://m.example/debian/',
    ],
    [
      'the deb822 format',
      '# comment\nTypes: deb\n# http://snapshot.example/debian\nURIs: http://m.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n',
      'http://m.example/debian',
    ],
    [
      'a commented-out line before it',
      '# deb http://old.example/debian bookworm main\ndeb http://m.example/debian sid main',
      'http://m.example/debian',
    ],
  ])('%s', (_, sources, mirror) => expect(parseMirror(sources)).toBe(mirror));

  test.each([
    ['security updates alone', 'deb http://m.example/debian-security bookworm-security main'],
    ['Ubuntu', 'deb http://archive.example/ubuntu noble main'],
    ['sources only', 'Types: deb-src\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main'],
    ['switched off', 'Enabled: no\nTypes: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main'],
    ['a CD', 'deb cdrom:[Debian]/ bookworm main'],
    ['nothing', ''],
  ])('is not taken from %s', (_, sources) => expect(parseMirror(sources)).toBeUndefined());
});

test('takes the proxies of this machine’s apt, but no other settings', () => {
  const dump = [
    'APT::Architecture "amd64";',
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::Check-Valid-Until "false";',
    'Acquire::cdrom::mount "/media/cdrom";',
    'Acquire::https::Proxy "";',
  ].join('\n');
  expect(parseAptOptions(dump)).toEqual([
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});

test('calls mmdebstrap with the packages, for a tar archive, without documentation', () => {
  const args = bootstrapArguments({ packages: ['curl', 'systemd'], architecture: 'x64' }, 'http://m.example/debian', [
    'Acquire::Retries "3";',
  ]);
  expect(args).toContain('--include=curl,systemd');
  expect(args).toContain('--architectures=amd64');
  expect(args).toContain('--aptopt=Acquire::Retries "3";');
  expect(args).toContain('--dpkgopt=path-exclude=/usr/share/man/*');
  expect(args.slice(-3)).toEqual(['trixie', '-', 'deb http://m.example/debian trixie main']);
});
