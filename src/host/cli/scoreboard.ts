// A report as a learner reads it while working: one line per task, and every check of the task that is next.
import stringWidth from 'string-width';
import type { CheckReport, Report, TaskReport } from '../../api/report.ts';
import type { Messages } from './messages.ts';
import type { Paint, Style } from './output.ts';
import { padEnd, wrap } from './text.ts';

export interface ScoreboardOptions {
  readonly width: number;
  readonly paint: Paint;
  readonly say: Messages;
  /** Task id → its number in the lab, from 1. */
  readonly numbers: ReadonlyMap<string, number>;
  /** `next`: the first unfinished task's checks; `all`: those of every task. */
  readonly details: 'next' | 'all';
  /** Tasks that wait to be begun: they have nothing to check yet. */
  readonly waiting: ReadonlySet<string>;
}

export const scoreboard = (report: Report, options: ScoreboardOptions): readonly string[] => {
  const next = report.tasks.find((task) => !isDone(task));
  const lines = report.tasks.flatMap((task) => {
    const open = options.details === 'all' || task === next;
    return [taskLine(task, options), ...(open ? task.checks.flatMap((check) => checkLines(check, options)) : [])];
  });
  return [...lines, '', totalLine(report, options), ...remarks(report, options)];
};

const isDone = (task: TaskReport): boolean => task.checks.every(({ outcome }) => outcome === 'pass');

const taskLine = (task: TaskReport, options: ScoreboardOptions): string => {
  const done = isDone(task);
  const some = task.checks.some(({ outcome }) => outcome === 'pass');
  const mark = done ? options.paint('green', '✔') : some ? options.paint('yellow', '◐') : options.paint('dim', '○');
  const number = String(options.numbers.get(task.id) ?? '').padStart(2);
  const title = options.paint(done ? 'green' : 'bold', task.title);
  const waits = options.waiting.has(task.id) ? options.paint('dim', ` (${options.say.notBegun})`) : '';
  return spread(` ${mark} ${number}  ${title}${waits}`, options.say.points(task.score, task.maxScore), options.width);
};

const marks: Readonly<Record<CheckReport['outcome'], readonly [string, Style]>> = {
  pass: ['✔', 'green'],
  fail: ['✘', 'red'],
  blocked: ['·', 'dim'],
  broken: ['!', 'magenta'],
};

const checkLines = (check: CheckReport, options: ScoreboardOptions): readonly string[] => {
  const { paint, say, width } = options;
  const [mark, style] = marks[check.outcome];
  const title = wrap(check.title, width - 10).map((line, row) =>
    row === 0 ? `       ${paint(style, mark)} ${line}` : `         ${line}`,
  );
  const field = (name: string, text: string): readonly string[] => {
    const label = 9 + Math.max(...[say.expected, say.observed, say.hintLabel].map((word) => stringWidth(word))) + 2;
    return wrap(text, width - label).map(
      (line, row) => padEnd(row === 0 ? `         ${paint('dim', name)}` : '', label) + line,
    );
  };
  switch (check.outcome) {
    case 'pass':
      return title;
    case 'blocked':
      return [...title, ...field('', say.blockedBy(check.observed))].map((line) => paint('dim', line));
    case 'broken':
      return [...title, ...field(say.observed, check.observed)];
    case 'fail':
      return [
        ...title,
        ...field(say.expected, check.expected),
        ...field(say.observed, check.observed),
        ...(check.hint ? field(say.hintLabel, check.hint) : []),
      ];
  }
};

const totalLine = (report: Report, options: ScoreboardOptions): string => {
  const seconds = (report.durationMs / 1000).toFixed(1);
  return spread(
    options.paint('bold', ` ${options.say.score}`),
    `${options.paint('dim', `${seconds} s`)}  ${options.paint('bold', options.say.points(report.score, report.maxScore))}`,
    options.width,
  );
};

const remarks = (report: Report, { paint, say }: ScoreboardOptions): readonly string[] => {
  if (report.broken) return [paint('magenta', ` ${say.graderBroke}`)];
  return report.tasks.every(isDone) ? [paint('green', ` ${say.allPass}`)] : [];
};

/** Left and right ends of one line. */
const spread = (left: string, right: string, width: number): string =>
  `${padEnd(left, width - stringWidth(right) - 1)} ${right}`;
