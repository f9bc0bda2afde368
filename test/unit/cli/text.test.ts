import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { alignColumns, cutTo, padEnd, wrap } from '../../../src/host/cli/text.ts';

const paint = (style: 'bold' | 'underline' | 'red', text: string): string =>
  styleText(style, text, { validateStream: false });

describe('wrapping', () => {
  test('breaks between words', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  });

  test('counts a Korean letter as two columns', () => {
    expect(wrap('클러스터의 모든 노드', 15)).toEqual(['클러스터의 모든', '노드']);
    expect(wrap('클러스터의 모든 노드', 14)).toEqual(['클러스터의', '모든 노드']);
  });

  test('keeps a word whole that is longer than a line', () => {
    expect(wrap('see https://example.org/a/b/c now', 10)).toEqual(['see', 'https://example.org/a/b/c', 'now']);
  });

  test('keeps line breaks, and joins other white space', () => {
    expect(wrap('  one\ttwo   three\n\nfour ', 40)).toEqual(['one two three', '', 'four']);
    expect(wrap('', 40)).toEqual(['']);
  });

  test('closes each colour and style at the end of a line, and opens it again on the next line', () => {
    const lines = wrap(`x ${paint('bold', paint('underline', paint('red', 'one two three')))} y`, 5);
    expect(lines).toHaveLength(4);
    for (const line of lines)
      for (const [open, close] of [
        ['[1m', '[22m'],
        ['[4m', '[24m'],
        ['[31m', '[39m'],
      ] as const)
        expect(line.split(open)).toHaveLength(line.split(close).length);
  });
});

describe('columns', () => {
  test('are padded by their width on the screen', () => {
    expect(padEnd('노드', 6)).toBe('노드  ');
    expect(stringWidth(padEnd(paint('red', 'abc'), 6))).toBe(6);
  });

  test('are as wide as their widest cell', () => {
    expect(alignColumns([['a', '이름', 'x'], ['노드', 'b', ''], ['c']])).toEqual(['a     이름  x', '노드  b', 'c']);
  });

  test('can cut a text that is too wide', () => {
    expect(cutTo('노드 node', 6)).toBe('노드 n');
    expect(cutTo('노드', 3)).toBe('노');
  });
});
