import { stripVTControlCharacters, styleText } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { commandForms } from '../../../src/host/cli/command-form.ts';
import { renderMarkdown } from '../../../src/host/cli/markdown.ts';

const plain = (source: string, width = 40): string =>
  renderMarkdown(source, { width, colored: false, paint: (_style, text) => text });
const colored = (source: string): string =>
  renderMarkdown(source, {
    width: 40,
    colored: true,
    paint: (style, text) => styleText(style as 'bold', text, { validateStream: false }),
  });

describe('Markdown on a terminal', () => {
  test('wraps paragraphs at the width', () => {
    expect(plain('one two three four five six seven eight nine ten')).toBe(
      'one two three four five six seven eight\nnine ten\n',
    );
  });

  test('counts Korean letters as two columns', () => {
    const text = plain(
      '클러스터의 모든 노드에는 파드를 위한 브리지가 있고 각 파드에는 네트워크 네임스페이스가 있습니다',
    );
    expect(Math.max(...text.split('\n').map((line) => stringWidth(line)))).toBeLessThanOrEqual(40);
    expect(text.trimEnd().split('\n').length).toBeGreaterThan(2);
  });

  test('keeps punctuation with the word before it', () => {
    expect(plain('Use `ip link`, then **look**.')).toBe('Use `ip link`, then look.\n');
  });

  test('keeps code blocks as they are, flush left', () => {
    expect(plain('```sh\nip link show\n  x\n```')).toBe('ip link show\n  x\n');
  });

  test('numbers lists and indents their further lines', () => {
    expect(plain('1. first item that is long enough to be wrapped\n2. second\n   - inner')).toBe(
      '1. first item that is long enough to be\n   wrapped\n2. second\n   • inner\n',
    );
  });

  test('puts an empty line around code in a list', () => {
    expect(plain('1. first:\n\n       ip link\n\n2. second')).toBe('1. first:\n\nip link\n\n2. second\n');
  });

  test('aligns tables by the width on the screen', () => {
    expect(plain('| a | 이름 |\n|---|---|\n| xxxx | `y` |')).toBe('a     이름\n────  ────\nxxxx  `y`\n');
  });

  test('underlines the title if there are no colours', () => {
    expect(plain('# Title\n\ntext')).toBe('Title\n=====\n\ntext\n');
  });

  test('closes colours at the end of each line', () => {
    for (const line of colored('**one two three four five six seven eight nine ten eleven**').split('\n'))
      expect(line.split('\u001b[1m').length).toBe(line.split('\u001b[22m').length);
  });

  test('leaves out HTML comments', () => expect(plain('<!-- author: secret -->\n\ntext')).toBe('text\n'));

  test('keeps a heredoc flush left in a list and in a quotation, so that it ends when it is pasted', () => {
    const block = 'cat <<END\n  x # y\nEND';
    const inList = plain(`1. do\n\n${block.replace(/^/gm, '       ')}\n\n   > quoted\n`);
    expect(inList).toContain(`\n${block}\n`);
    expect(plain(`> say\n>\n${block.replace(/^/gm, '>     ')}\n`)).toContain(`\n${block}\n`);
  });

  test('breaks no command: neither in a block nor in a sentence', () => {
    const command = 'kubectl get pods --all-namespaces --output wide';
    expect(plain(`    ${command}\n`).split('\n')).toContain(command);
    const sentence = plain('Words that fill the line: `labs shell node01 -- ip route` and on.');
    expect(sentence).toBe('Words that fill the line:\n`labs shell node01 -- ip route` and on.\n');
    expect(colored('Words that fill the line now: `labs shell node01 -- ip route`.')).toContain(
      styleText('green', 'labs shell node01 -- ip route', { validateStream: false }),
    );
  });

  test('wraps a comment after a command at words, and no line of it is a command', () => {
    expect(plain('    ip route   # the routes of this node and all others of them\n')).toBe(
      'ip route  # the routes of this node and\n          # all others of them\n',
    );
    expect(plain('    kubectl get pods -A -o wide   # all the pods of the cluster\n')).toBe(
      '# all the pods of the cluster\nkubectl get pods -A -o wide\n',
    );
    expect(plain(`    echo 'a   # b' and a long text behind the quotation\n`)).toContain(`'a   # b' and a long`);
  });

  test('prints commands in the form in which the user types them, before it breaks lines', () => {
    const text = renderMarkdown('Type the command `labs tasks` here.\n\n    labs shell node01\n', {
      width: 30,
      colored: true,
      paint: (style, text) => styleText(style as 'bold', text, { validateStream: false }),
      printed: commandForms([{ name: 'tasks' }, { name: 'shell' }], 'npx labs'),
    });
    expect(stripVTControlCharacters(text)).toBe('Type the command\nnpx labs tasks here.\n\nnpx labs shell node01\n');
  });
});

describe('the machine of a code block', () => {
  const places = { r1: 'r1', node01: 'node01', host: 'your own machine' };
  const shown = (source: string, colors = false): string =>
    renderMarkdown(source, {
      ...{ width: 40, colored: colors, places },
      paint: (style, text) => (colors ? styleText(style as 'dim', text, { validateStream: false }) : text),
    });

  test('stands above the block, as a comment that may be pasted', () => {
    expect(shown('Then look:\n\n```r1\nip route\n```')).toBe('Then look:\n\n# r1:\nip route\n');
    expect(shown('```r1\nip route\n```', true)).toContain(styleText('dim', '# r1:', { validateStream: false }));
    expect(shown('Then look:\n\n```r1 fails=1 meanwhile\nip route\n```')).toContain('# r1:\nip route\n');
    expect(shown('1. look:\n\n   ```r1\n   ip route\n   ```')).toContain('\n\n# r1:\nip route\n');
    expect(shown('> look:\n>\n> ```r1\n> ip route\n> ```')).toContain('\n# r1:\nip route\n');
  });

  test('stands there also where the text names it, so that no block seems to belong to the machine above', () => {
    expect(shown('On r1:\n\n```r1\nip route\n```')).toBe('On r1:\n\n# r1:\nip route\n');
    expect(shown('r1에서 보세요:\n\n```r1\nip route\n```')).toBe('r1에서 보세요:\n\n# r1:\nip route\n');
    const text = '```node01\nip route\n```\n\nThen from node01, on r1:\n\n```r1\nip route\n```';
    expect(shown(text)).toContain('on r1:\n\n# r1:\nip route\n');
  });

  test('is your own machine, unless each command begins with labs', () => {
    expect(shown('Look:\n\n```host\nlabs shell r1\n```')).toBe('Look:\n\nlabs shell r1\n');
    expect(shown('Look:\n\n```host\ncurl localhost\n```')).toBe('Look:\n\n# your own machine:\ncurl localhost\n');
  });

  test('is not shown for a text in a language, or without machines', () => {
    expect(shown('```yaml\na: b\n```')).toBe('a: b\n');
    expect(plain('```r1\nip route\n```')).toBe('ip route\n');
  });
});
