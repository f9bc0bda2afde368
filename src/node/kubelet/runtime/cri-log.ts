// Parses container logs in the CRI format: `<time> <stream> <P|F> <text>`, where P marks a part of a line and F the
// end of a line. Works on bytes, because the output may be binary. Pure.

export interface LogLine {
  /** RFC 3339 with nanoseconds, as written. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** With the newline, if the container has written it. */
  readonly content: Buffer;
  /** Whether the content ends a line of the container's output. */
  readonly full: boolean;
}

export interface LogSelection {
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly timestamps?: boolean;
}

const newline = Buffer.from('\n');

/** @returns the complete lines of the file, and the bytes after the last complete line */
export const splitLog = (data: Buffer): { readonly lines: LogLine[]; readonly rest: Buffer } => {
  const lines: LogLine[] = [];
  let start = 0;
  for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
    const line = parseLine(data.subarray(start, end));
    if (line) lines.push(line);
    start = end + 1;
  }
  return { lines, rest: data.subarray(start) };
};

const parseLine = (line: Buffer): LogLine | undefined => {
  const [first, second] = [line.indexOf(32), line.indexOf(32, line.indexOf(32) + 1)];
  if (first < 0 || second < 0) return undefined;
  const full = line[second + 1] === 70;
  const text = line.subarray(second + 3);
  return {
    time: line.toString('latin1', 0, first),
    stream: line.toString('latin1', first + 1, second) === 'stderr' ? 'stderr' : 'stdout',
    content: full ? Buffer.concat([text, newline]) : text,
    full,
  };
};

/** Applies `since` and `tailLines`. A line that was written in parts counts once. */
export const selectLines = (lines: readonly LogLine[], { since, tailLines }: LogSelection): LogLine[] => {
  const recent = since === undefined ? lines : lines.filter(({ time }) => Date.parse(time) >= since);
  if (tailLines === undefined) return [...recent];
  let left = tailLines;
  let from = recent.length;
  while (from > 0) {
    const startsLine = recent[from - 1]?.full === true || from === recent.length;
    if (startsLine && left === 0) break;
    if (startsLine) left -= 1;
    from -= 1;
  }
  return recent.slice(from);
};

/** @param continues true when the content before did not end its line: only the start of a line gets a time */
export const renderLine = ({ time, content }: LogLine, timestamps: boolean, continues: boolean): Buffer =>
  timestamps && !continues ? Buffer.concat([Buffer.from(`${time.replace('+00:00', 'Z')} `), content]) : content;
