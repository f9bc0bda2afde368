// When the commands of a text run, and what labs says about those that end otherwise than meant.
import { expect, test } from 'vitest';
import { pasteCommands } from '../../../src/host/instructor/test/paste.ts';
import { testWords } from '../../../src/host/instructor/test/words.ts';
import { fencesOf } from '../../../src/host/lab/fences.ts';

const block = (info: string, ...lines: string[]): string => `\`\`\`${info}\n${lines.join('\n')}\n\`\`\`\n`;

interface World {
  /** Commands that never end. */
  readonly endless?: readonly string[];
  readonly solves?: boolean;
}

/** `false` ends with 1, a command `needs-…` works only once the task is solved, all others end with 0. */
const paste = async (text: string, hints = '', { endless = [], solves = true }: World = {}) => {
  const order: string[] = [];
  const found: string[] = [];
  let solved = false;
  const run = async (place: string, command: string) => {
    order.push(`${place}: ${command}`);
    if (endless.includes(command)) return 'endless' as const;
    const fails = command.startsWith('false') || (command.startsWith('needs-') && !solved);
    return { exitCode: fails ? 1 : 0, output: '' };
  };
  const signal = new AbortController().signal;
  const count = await pasteCommands({
    fences: { text: fencesOf(text), hints: fencesOf(hints) },
    shells: { run, start: async (place, command) => ({ begun: Promise.resolve(), end: run(place, command) }) },
    solve: async () => {
      order.push('the solution');
      solved = solves;
      return solves;
    },
    find: (each) => void found.push(each),
    say: testWords.en,
    signal,
    patienceMs: 0,
  });
  return { order, found, count };
};

test('commands run before the solution, and blocks marked after run when it has run', async () => {
  const text = block('h1 after', 'needs-route', 'false # fails') + block('r1', 'ls') + block('r2 after', 'true');
  const { order, found, count } = await paste(text, block('h1', 'hint') + block('h2 after', 'needs-hint'));
  expect(found).toEqual([]);
  expect(count).toBe(6);
  const late = ['h1: needs-route', 'h1: false # fails', 'r2: true', 'h2: needs-hint'];
  expect(order).toEqual(['h1: hint', 'r1: ls', 'the solution', ...late]);
});

test('marks of one block combine', async () => {
  const text = block('h1 after fails=1', 'false', 'needs-route') + block('h1 meanwhile fails', 'false');
  expect((await paste(text)).found).toEqual([]);
  const { found } = await paste(block('h1 after fails', 'needs-route'));
  expect(found).toEqual(['on h1, `needs-route` is meant to fail, and ends with 0']);
});

test('what failed is advised the marks that fit its block', async () => {
  const { found } = await paste(block('h1 fails', 'needs-route', 'false') + block('h1 after', 'false'));
  const inText = 'on h1, `needs-route` ends with exit code 1. If it works only once the task is solved, write `after`';
  expect(found[0]).toBe(`${inText} behind the name of the machine; if it is meant to fail, write \`fails=1,2\``);
  const late = 'on h1, `false` ends with exit code 1. If it is meant to fail, write `fails`';
  expect(found[1]).toBe(`${late} behind the name of the machine`);
  expect(found).toHaveLength(2);
});

test('what does not end is advised what its block lacks', async () => {
  const endless = ['tcpdump'];
  const start = 'on h1, `tcpdump` does not end within 60 s. ';
  const plain = await paste(block('h1', 'tcpdump', 'ls'), '', { endless });
  expect(plain.found).toEqual([
    `${start}If it goes on while the next block runs, make it the last command of its block and write \`meanwhile\` ` +
      'behind the name of the machine',
  ]);
  const marked = await paste(block('h1 meanwhile', 'tcpdump'), '', { endless });
  expect(marked.found).toEqual([
    `${start}The next block does not make it end. If that is right, write \`timeout 10\` before it, and \`fails\` ` +
      'beside `meanwhile`: timeout ends it with the exit code 124',
  ]);
  const both = await paste(block('h1 meanwhile fails', 'tcpdump'), '', { endless });
  expect(both.found).toEqual([
    `${start}The next block does not make it end. If that is right, write \`timeout 10\` before it: timeout ends it ` +
      'with the exit code 124',
  ]);
});

test('a solution that leaves points ends the pasting', async () => {
  const { order } = await paste(block('h1 after', 'needs-route'), '', { solves: false });
  expect(order).toEqual(['the solution']);
});
