import { describe, expect, test } from 'vitest';
import { inWords, patternOf } from '../../../src/host/grade/match.ts';

describe('a match in a sentence', () => {
  test.each([
    ['orange', '"orange"'],
    ['/mariadb/i', '"mariadb"'],
    ['/(^|\\s)--?v[= ]6(\\s|$)/', '"-v=6"'],
    ['/^default\\/db-service$/', '"default/db-service"'],
    ['/^KUBE-SVC-/', '"KUBE-SVC-"'],
    ['/Adding new service port.*"default\\/temp(:[^"]*)?"/', `'Adding new service port…"default/temp"'`],
    ['/default\\/temp(:| |$)/', '"default/temp"'],
    ['/^-{0,2}proxy-mode\\b/i', '"proxy-mode"'],
  ])('shows %s as %s', (match, words) => {
    expect(inWords(match)).toBe(words);
    const pattern = patternOf(match);
    if (pattern) expect(pattern.test(words.slice(1, -1))).toBe(true);
  });

  test.each([
    ['/(orders?|carts?){2}/', '"…order…"'],
    ['/[a-z]{2}/', '"…"'],
  ])('shows a plain piece of the complex expression %s', (match, words) => expect(inWords(match)).toBe(words));
});
