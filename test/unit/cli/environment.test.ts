import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/host/cli/environment.ts';

const read = (variables: Record<string, string>, asked?: 'en' | 'ko') =>
  readEnvironment({ HOME: '/home/mina', ...variables }, asked);

describe('the environment', () => {
  test.each([
    [{}, 'en'],
    [{ LANG: 'ko_KR.UTF-8' }, 'ko'],
    [{ LANG: 'ko_KR.UTF-8', LC_ALL: 'C.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'ko_KR' }, 'ko'],
    [{ LANG: 'en_US.UTF-8', LABS_LANG: 'ko' }, 'ko'],
    [{ LANG: 'de_DE.UTF-8' }, 'en'],
  ] as const)('%j means the language %s', (variables, language) => {
    expect(read(variables).language).toBe(language);
  });

  test('uses the language that the command line asks for', () => {
    expect(read({ LC_ALL: 'ko_KR.UTF-8' }, 'en').language).toBe('en');
  });

  test('keeps progress in the XDG state folder', () => {
    expect(read({}).stateFolder).toBe('/home/mina/.local/state/labs');
    expect(read({ XDG_STATE_HOME: '/state' }).stateFolder).toBe('/state/labs');
    expect(read({ XDG_STATE_HOME: 'state', XDG_CACHE_HOME: './cache' })).toMatchObject({
      stateFolder: '/home/mina/.local/state/labs',
      cacheFolder: '/home/mina/.cache/labs',
    });
    expect(read({ XDG_STATE_HOME: '' }).stateFolder).toBe('/home/mina/.local/state/labs');
  });

  test.each([
    [{}, 'auto'],
    [{ NO_COLOR: '1' }, 'never'],
    [{ NO_COLOR: '' }, 'auto'],
    [{ TERM: 'dumb' }, 'never'],
    [{ FORCE_COLOR: '1' }, 'always'],
    [{ FORCE_COLOR: '3', TERM: 'dumb' }, 'always'],
    [{ FORCE_COLOR: '0' }, 'never'],
    [{ FORCE_COLOR: '' }, 'auto'],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, 'never'],
  ] as const)('%j means colours: %s', (variables, color) => {
    expect(read(variables).color).toBe(color);
  });
});

test('the language is named in commands only if they would otherwise answer in another one', () => {
  const named = (variables: Record<string, string>, asked?: 'en' | 'ko') => read(variables, asked).languageToName;
  expect([named({}, 'ko'), named({ LANG: 'ko_KR.UTF-8' }, 'en')]).toEqual(['ko', 'en']);
  expect([named({}), named({ LABS_LANG: 'ko' }, 'ko'), named({}, 'en')]).toEqual([undefined, undefined, undefined]);
});
