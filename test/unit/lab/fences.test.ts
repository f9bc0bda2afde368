// Which commands a text shows, where they run, and which of them are meant to fail.
import { expect, test } from 'vitest';
import { commandsIn, fencesOf } from '../../../src/host/lab/fences.ts';

const fence = (info: string, ...lines: string[]): string => ['```'.concat(info), ...lines, '```', ''].join('\n');
const failing = (text: string): readonly string[] =>
  fencesOf(text).flatMap(({ commands }) => commands.filter(({ fails }) => fails).map((each) => each.text));

test('a heredoc and a line that goes on are one command', () => {
  const lines = ['cat <<END', 'one', 'END', 'ls \\', '  -l', 'true'];
  expect(commandsIn(lines)).toEqual(['cat <<END\none\nEND', 'ls \\\n  -l', 'true']);
});

test('the words behind the machine mark commands that are meant to fail', () => {
  expect(failing(fence('node01', 'a', 'b'))).toEqual([]);
  expect(failing(fence('node01 fails', 'a', 'b'))).toEqual(['b']);
  expect(failing(fence('node01 fails=1,3', 'a', 'b', 'c'))).toEqual(['a', 'c']);
  expect(failing(fence('node01', 'a # fails', 'b'))).toEqual(['a # fails']);
});

test('the last command of a block may go on meanwhile', () => {
  const [block] = fencesOf(fence('node02 meanwhile', 'ip link', 'tcpdump -c 4'));
  expect(block).toMatchObject({ place: 'node02', commands: [{ meanwhile: false }, { meanwhile: true }] });
});

test('marks combine, in any order, and other words are no marks', () => {
  const [block] = fencesOf(fence('h1 after meanwhile fails=1', 'a', 'b'));
  expect(block).toEqual({
    place: 'h1',
    after: true,
    unknown: [],
    commands: [
      { text: 'a', fails: true, meanwhile: false },
      { text: 'b', fails: false, meanwhile: true },
    ],
  });
  expect(fencesOf(fence('h1 meanwhile fails', 'a'))).toMatchObject([{ commands: [{ fails: true, meanwhile: true }] }]);
  expect(fencesOf(fence('h1 fail fails=x after', 'a'))).toMatchObject([{ after: true, unknown: ['fail', 'fails=x'] }]);
});

test('blocks in lists count, and blocks without a machine do not', () => {
  expect(fencesOf(`1. Look:\n\n   \`\`\`node01\n   ip link\n   \`\`\`\n\n${fence('', 'no')}`)).toEqual([
    { place: 'node01', after: false, unknown: [], commands: [{ text: 'ip link', fails: false, meanwhile: false }] },
  ]);
});

test('a text in quotes over several lines is one command', () => {
  const patch = `kubectl patch service web -p '{"spec":\n  {"type":"NodePort"}}'`;
  const message = 'echo "one\ntwo $(date\n)"';
  const all = 'true &&\n  ls |\n  sort';
  expect(commandsIn(`${patch}\n${message}\n${all}\ntrue`.split('\n'))).toEqual([patch, message, all, 'true']);
});

test('a loop over several lines is one command, and words of texts begin none', () => {
  const loop = 'for i in 1 2; do for n in 3 4; do\n  echo $i $n\ndone; done | sort';
  expect(commandsIn(`${loop}\ntrue`.split('\n'))).toEqual([loop, 'true']);
  const fed = 'for i in 1 2; do cat <<END\none\nEND\ndone';
  expect(commandsIn(`${fed}\ntrue`.split('\n'))).toEqual([fed, 'true']);
  const branch = 'if true\nthen\n  case x in\n    x) echo 1 ;;\n  esac\nfi';
  expect(commandsIn(`${branch}\ntrue`.split('\n'))).toEqual([branch, 'true']);
  const plain = ["grep 'if for' file", 'echo for if', 'until true; do false; done', 'ls while'];
  expect(commandsIn(plain)).toEqual(plain);
});
