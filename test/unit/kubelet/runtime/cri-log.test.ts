import { describe, expect, test } from 'vitest';
import { renderLine, selectLines, splitLog } from '../../../../src/node/kubelet/runtime/cri-log.ts';

describe('a container’s log', () => {
  const log = Buffer.from(
    [
      '2026-11-23T06:55:08.063443154+00:00 stdout F one',
      '2026-11-23T06:55:09.063485437+00:00 stderr F two',
      '2026-11-23T06:55:10.063485437+00:00 stdout P thr',
      '2026-11-23T06:55:10.163485437+00:00 stdout F ee',
      '2026-11-23T06:55:11.063485437+00:00 stdout P $ ',
      'torn',
    ].join('\n'),
  );
  const { lines, rest } = splitLog(log);
  const textOf = (selected: typeof lines): string => Buffer.concat(selected.map(({ content }) => content)).toString();

  test('holds the container’s output byte by byte, also a prompt without a newline', () => {
    expect(textOf(lines)).toBe('one\ntwo\nthree\n$ ');
    expect(rest.toString()).toBe('torn');
    expect(lines[1]?.stream).toBe('stderr');
  });

  test.each([
    { tailLines: 0, want: '' },
    { tailLines: 1, want: '$ ' },
    { tailLines: 2, want: 'three\n$ ' },
    { tailLines: 99, want: 'one\ntwo\nthree\n$ ' },
  ])('can be cut to its last $tailLines lines', ({ tailLines, want }) => {
    expect(textOf(selectLines(lines, { tailLines }))).toBe(want);
  });

  test('can be cut to the lines since a time', () => {
    expect(textOf(selectLines(lines, { since: Date.parse('2026-11-23T06:55:10Z') }))).toBe('three\n$ ');
  });

  test('shows one time for each line of output, even if the line was written in parts', () => {
    const [, , part, end] = lines;
    if (!part || !end) throw new Error('no lines');
    expect(renderLine(part, true, false).toString()).toBe('2026-11-23T06:55:10.063485437Z thr');
    expect(renderLine(end, true, true).toString()).toBe('ee\n');
  });
});
