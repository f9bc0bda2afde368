// The report for a person at a terminal.
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Language } from '../../../api/lab.ts';
import { type CheckReport, passesNow, type Report, type TaskReport } from '../../../api/report.ts';
import { printable } from '../../../kit/printable.ts';
import { withoutHidden } from './hidden.ts';
import { aboutLines, failedSteps, type ReportWords, words as shared, titleWithPart, troubleLines } from './words.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Whether to use ANSI colours. */
  readonly color: boolean;
  readonly language?: Language;
  /** Also shows the checks of tasks that are done. */
  readonly verbose?: boolean;
}

export const renderText = (whole: Report, options: TextOptions): string => {
  const { report, hidden } = withoutHidden(whole);
  const width = Math.max(40, Math.min(options.width, 120));
  const language = options.language ?? 'en';
  const words = { ...texts[language], ...shared[language] };
  const page: Page = { ...options, width, paint: painter(options.color), words };
  const tasks = report.tasks.flatMap((task) => taskLines(task, page));
  const total = `${page.words.score} ${report.score} / ${report.maxScore}`;
  const lines = [
    ...submissionPart(report, page),
    ...tasks,
    '',
    page.paint(report.score === report.maxScore && !report.broken ? 'green' : 'bold', total) +
      page.paint('dim', `   ${(report.durationMs / 1000).toFixed(1)} s`),
    ...aboutLines(report, page.words, timeOf).flatMap((line) =>
      wrap(printable(line), width).map((part) => page.paint(line === page.words.unsafeNodes ? 'red' : 'dim', part)),
    ),
    ...(report.broken ? wrap(page.words.lowerBound, width).map((line) => page.paint('yellow', line)) : []),
    ...(hidden > 0 ? wrap(page.words.hidden(hidden), width).map((line) => page.paint('dim', line)) : []),
  ];
  return `${lines.join('\n')}\n`;
};

const submissionPart = (report: Report, page: Page): readonly string[] => {
  const failed = failedSteps(report);
  if (failed.length === 0) return [];
  const steps = failed.flatMap(({ step, message = '' }) => [
    ...wrap(step, page.width - 4).map((line, index) =>
      index === 0 ? `  ${page.paint('red', '✘')} ${line}` : `    ${line}`,
    ),
    ...message.split('\n').flatMap((line) => wrap(line, page.width - 6).map((part) => `      ${part}`)),
  ]);
  return [...wrap(page.words.notApplied, page.width), ...steps, ''];
};

type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
type Paint = (style: Style, text: string) => string;

interface Page extends TextOptions {
  readonly paint: Paint;
  readonly words: Words & ReportWords;
}

interface Words {
  readonly score: string;
  readonly brokenSince: (passedAt: string) => string;
  readonly solved: string;
  readonly skipped: string;
}

const texts: Readonly<Record<Language, Words>> = {
  en: {
    score: 'Score',
    brokenSince: (passedAt) => `This task passed at ${passedAt}, and something broke it since.`,
    solved: 'solved by labs',
    skipped: 'done by labs goto',
  },
  ko: {
    score: '점수',
    brokenSince: (passedAt) => `${passedAt}에 통과했지만 그 뒤에 다시 고장 났습니다.`,
    solved: 'labs가 대신 풂',
    skipped: 'labs goto가 대신 풂',
  },
};

const marks: Readonly<Record<CheckReport['outcome'], readonly [string, Style]>> = {
  pass: ['✔', 'green'],
  fail: ['✘', 'red'],
  blocked: ['·', 'dim'],
  broken: ['!', 'yellow'],
};

const taskLines = (task: TaskReport, page: Page): readonly string[] => {
  const done = passesNow(task);
  const broken = task.checks.some(({ outcome }) => outcome === 'broken');
  const [mark, style] = marks[done ? 'pass' : broken ? 'broken' : 'fail'];
  const points = `${task.score}/${task.maxScore}`;
  const by = task.skipped ? [page.words.skipped] : task.solved ? [page.words.solved] : [];
  const notes = [...by, ...(task.hintCost === undefined ? [] : [page.words.hintCost(task.hintCost)])];
  const solved = notes.length === 0 ? '' : `  ${page.paint('dim', `(${notes.join('; ')})`)}`;
  const number = String(task.number).padStart(2);
  const title = truncate(`${number}  ${task.title}${solved}`, page.width - 3 - stringWidth(points) - 1);
  const gap = ' '.repeat(Math.max(1, page.width - 2 - stringWidth(title) - stringWidth(points)));
  const head = `${page.paint(style, mark)} ${title}${gap}${page.paint(done ? 'green' : 'dim', points)}`;
  const guesses = (task.guessed ?? []).flatMap((guessing) =>
    wrap(page.words.guessed(guessing), page.width - 6).map((line) => `      ${page.paint('yellow', line)}`),
  );
  if (done && !page.verbose) return [head, ...guesses];
  // Below the title, which comes after the number.
  const indent = ' '.repeat(4);
  const below = { ...page, width: page.width - indent.length };
  const since =
    done || broken || task.passedAt === undefined
      ? []
      : wrap(page.words.brokenSince(timeOf(task.passedAt)), below.width - 4).map(
          (line) => `  ${page.paint('yellow', line)}`,
        );
  const details = [...since, ...task.checks.flatMap((check) => checkLines(check, below))];
  return [head, ...guesses, ...details.map((line) => `${indent}${line}`)];
};

const checkLines = (check: CheckReport, page: Page): readonly string[] => {
  const [mark, style] = marks[check.outcome];
  const titles = wrap(titleWithPart(check), page.width - 4);
  const labels = Object.values(page.words.labels).map((label) => stringWidth(label));
  const column = Math.max(...labels) + 1;
  const trouble = troubleLines(check, page.words.labels).flatMap(([label, text]) => {
    const pad = ' '.repeat(Math.max(1, column - stringWidth(label)));
    return wrap(text, page.width - 4 - column).map((line, index) =>
      index === 0 ? `    ${page.paint('dim', label)}${pad}${line}` : `    ${' '.repeat(column)}${line}`,
    );
  });
  const first = `  ${page.paint(style, mark)} ${check.outcome === 'blocked' ? page.paint('dim', titles[0] ?? '') : (titles[0] ?? '')}`;
  return [first, ...titles.slice(1).map((line) => `    ${line}`), ...trouble];
};

/** `14:03` of today, else with the date, in local time. */
export const timeOf = (rfc3339: string, now = new Date()): string => {
  const time = new Date(rfc3339);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
};

/** Breaks a text into lines of at most this width. A longer word is cut. */
const wrap = (text: string, width: number): readonly string[] =>
  wrapAnsi(text.replace(/\s+/g, ' '), width, { hard: true }).split('\n');

const truncate = (text: string, width: number): string => {
  if (stringWidth(text) <= width) return text;
  const [first = ''] = wrapAnsi(text, Math.max(1, width - 1), { hard: true, wordWrap: false }).split('\n');
  return `${first}…`;
};

const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color ? styleText(style, text, { validateStream: false }) : text;
