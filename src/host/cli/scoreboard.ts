// Prints a report for `labs check`: one line for each task, and the checks of the first unfinished task.
import stringWidth from 'string-width';
import { type CheckReport, passesNow, type Report, type TaskReport } from '../../api/report.ts';
import { titleWithPart } from '../grade/report/words.ts';
import type { Messages } from './messages.ts';
import type { Paint, Style } from './output.ts';
import { numberRanges, padEnd, secondsOf, wrap } from './text.ts';

export interface ScoreboardOptions {
  readonly width: number;
  readonly paint: Paint;
  readonly say: Messages;
  /** Which tasks show their checks: `next` is the first unfinished task. */
  readonly details: 'next' | 'all';
  /** Ids of tasks that the student has not begun. */
  readonly waiting: ReadonlySet<string>;
  /** The numbers of all tasks, by their ids. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** A page that may be longer than the screen. */
export interface Page {
  readonly body: readonly string[];
  /** Stays on the screen while the body is scrolled. */
  readonly foot: readonly string[];
  /** The line of the body that matters most: the first unfinished task. */
  readonly focus: number;
}

export const scoreboard = (report: Report, options: ScoreboardOptions): readonly string[] => {
  const { body, foot } = scoreboardPage(report, options);
  return [...body, ...foot];
};

export const scoreboardPage = (given: Report, options: ScoreboardOptions): Page => {
  // When the time of an exam is over, the report says what counts, whatever had passed before.
  const report = given.timeLimit?.over ? { ...given, tasks: given.tasks.map(withoutPast) } : given;
  const open = report.tasks.filter((task) => !isDone(task));
  const next = open.find(({ skipped }) => !skipped) ?? open[0];
  const blocks = report.tasks.map((task) => {
    const shown = options.details === 'all' || task === next;
    return [taskLine(task, options), ...(shown ? linesOfChecks(task, options) : [])];
  });
  const above = next === undefined ? [] : blocks.slice(0, report.tasks.indexOf(next));
  return {
    body: blocks.flat(),
    foot: ['', totalLine(report, options), ...unsafeLines(report, options), ...remarks(report, options)],
    focus: above.flat().length,
  };
};

const withoutPast = ({ passedAt: _, ...task }: TaskReport): TaskReport => task;

/** A task that has passed stays done when a later fault breaks it. */
const isDone = (task: TaskReport): boolean => task.passedAt !== undefined || passesNow(task);

/** A check that waits for something other than a check, such as for `labs grade`, says nothing about the cluster. */
const isDifferent = ({ checks }: TaskReport): boolean =>
  checks.some(({ outcome, blockedBy }) => outcome !== 'pass' && (outcome !== 'blocked' || blockedBy !== undefined));

/** A task that has passed keeps its points here. `labs grade` counts the final state. */
const pointsOf = (task: TaskReport): number =>
  isDone(task) ? Math.max(0, task.maxScore - (task.hintCost ?? 0)) : task.score;

const taskLine = (task: TaskReport, options: ScoreboardOptions): string => {
  const done = isDone(task);
  const some = task.checks.some(({ outcome }) => outcome === 'pass');
  const mark = done
    ? options.paint('green', '✔')
    : task.skipped
      ? options.paint('dim', '–')
      : some
        ? options.paint('yellow', '◐')
        : options.paint('dim', '○');
  const number = String(task.number).padStart(2);
  const title = options.paint(done ? 'green' : 'bold', task.title);
  const all = notesOf(task, options);
  const notes = all.length === 0 ? '' : options.paint('dim', ` (${all.join('; ')})`);
  return spread(
    ` ${mark} ${number}  ${title}${notes}`,
    options.say.points(pointsOf(task), task.maxScore),
    options.width,
  );
};

const notesOf = (task: TaskReport, options: ScoreboardOptions): readonly string[] => [
  ...[stateOf(task, options)].filter((state) => state !== undefined),
  ...(task.hintCost === undefined ? [] : [options.say.hintCost(task.hintCost)]),
];

const stateOf = (task: TaskReport, { say, waiting, numbers }: ScoreboardOptions): string | undefined => {
  if (isDone(task)) return isDifferent(task) ? say.isDifferentNow : undefined;
  if (task.skipped) return say.byGoto;
  if (task.waitsFor) return say.lockedNote(numberRanges(task.waitsFor.map((id) => numbers.get(id) ?? 0)));
  return waiting.has(task.id) ? say.notBegun : undefined;
};

const linesOfChecks = (task: TaskReport, options: ScoreboardOptions): readonly string[] =>
  task.checks.flatMap((check, index) => {
    if (isDone(task)) return passedCheckLines(check, options);
    // Checks in a row that wait for the same show the reason once, below the last of them.
    const next = task.checks[index + 1];
    const isRepeated = next?.outcome === 'blocked' && next.observed === check.observed;
    return checkLines(check, options, { reason: !isRepeated });
  });

const marks: Readonly<Record<CheckReport['outcome'], readonly [string, Style]>> = {
  pass: ['✔', 'green'],
  fail: ['✘', 'red'],
  blocked: ['·', 'dim'],
  broken: ['!', 'magenta'],
};

/** @param reason whether a blocked check says what it waits for */
const checkLines = (
  check: CheckReport,
  options: ScoreboardOptions,
  { reason } = { reason: true },
): readonly string[] => {
  const { paint, say, width } = options;
  const [mark, style] = marks[check.outcome];
  const title = wrap(titleWithPart(check), width - 10).map((line, row) =>
    row === 0 ? `       ${paint(style, mark)} ${line}` : `         ${line}`,
  );
  switch (check.outcome) {
    case 'pass':
      return title;
    case 'blocked':
      return [...title, ...(reason ? field('', say.blockedBy(check.observed), options) : [])].map((line) =>
        paint('dim', line),
      );
    case 'broken':
      return [...title, ...field(say.observed, check.observed, options)];
    case 'fail':
      return [
        ...title,
        ...field(say.expected, check.expected, options),
        ...field(say.observed, check.observed, options),
        ...(check.hint ? field(say.hintLabel, check.hint, options) : []),
      ];
  }
};

/** A check of a task that has passed. What is different now is no failure. */
const passedCheckLines = (check: CheckReport, options: ScoreboardOptions): readonly string[] => {
  const { paint, say, width } = options;
  const title = checkLines({ ...check, outcome: 'pass' }, options);
  if (check.outcome === 'pass' || check.outcome === 'blocked') return title;
  const now = wrap(say.differentNow(check.observed), width - 9).map((line) => `         ${paint('dim', line)}`);
  return [...title, ...now];
};

/** A label with a text beside it. The text may take several lines. */
const field = (label: string, text: string, { paint, say, width }: ScoreboardOptions): readonly string[] => {
  const indent = 9 + Math.max(...[say.expected, say.observed, say.hintLabel].map((word) => stringWidth(word))) + 2;
  return wrap(text, width - indent).map(
    (line, row) => padEnd(row === 0 ? `         ${paint('dim', label)}` : '', indent) + line,
  );
};

const totalLine = (report: Report, options: ScoreboardOptions): string => {
  const total = report.tasks.reduce((sum, task) => sum + pointsOf(task), 0);
  const { paint, say, width } = options;
  const seconds = paint('dim', `${secondsOf(report.durationMs)} s`);
  const points = paint('bold', say.points(total, report.maxScore));
  return spread(paint('bold', ` ${say.score}`), `${seconds}  ${points}`, width);
};

const unsafeLines = ({ unsafeNodes }: Report, { paint, say, width }: ScoreboardOptions): readonly string[] =>
  unsafeNodes ? wrap(say.nodesWereUnsafe, width - 2).map((line) => paint('red', ` ${line}`)) : [];

const remarks = (report: Report, { paint, say, width }: ScoreboardOptions): readonly string[] => {
  if (report.broken) return wrap(say.graderBroke, width - 2).map((line) => paint('magenta', ` ${line}`));
  const different = report.tasks.filter((task) => isDone(task) && isDifferent(task)).map(({ number }) => number);
  const [first] = different;
  const notes = first === undefined ? [] : wrap(say.differentTasks(different.join(', '), first), width - 2);
  const praise = report.tasks.every(isDone) && different.length === 0 ? [paint('green', ` ${say.allPass}`)] : [];
  return [...notes.map((line) => paint('yellow', ` ${line}`)), ...praise];
};

/** One line with a text at each end. */
const spread = (left: string, right: string, width: number): string =>
  `${padEnd(left, width - stringWidth(right) - 1)} ${right}`;
