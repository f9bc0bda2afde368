// GitHub Markdown, for a job summary or a comment: a table of tasks, then the checks of tasks that did not pass.
import type { CheckReport, Report, TaskReport } from '../../../api/report.ts';
import { troubleLines } from './words.ts';

export const renderMarkdown = (report: Report): string => {
  const rows = report.tasks.map(
    (task) =>
      `| ${isDone(task) ? '✅' : '❌'} | ${task.number}. ${plain(task.title)} | ${task.score} / ${task.maxScore} |`,
  );
  const open = report.tasks.filter((task) => !isDone(task)).map(details);
  const broken = report.broken
    ? [
        '> [!WARNING]\n> Some checks could not be carried out. This is not the student’s fault, and the score may be higher.\n',
      ]
    : [];
  return [
    `## ${plain(report.lab)}: ${report.score} / ${report.maxScore}\n`,
    ...broken,
    '| | Task | Points |\n|---|---|---:|',
    `${rows.join('\n')}\n`,
    ...open,
  ].join('\n');
};

const isDone = ({ checks }: TaskReport): boolean => checks.every(({ outcome }) => outcome === 'pass');

const details = (task: TaskReport): string =>
  `<details><summary>${task.number}. ${html(task.title)}</summary>\n\n${task.checks.map(item).join('\n')}\n\n</details>\n`;

const item = (check: CheckReport): string => {
  const lines = troubleLines(check).map(([label, text]) => `  - ${label}: ${plain(text)}`);
  return [`- ${marks[check.outcome]} ${plain(check.title)} (${check.points}/${check.maxPoints})`, ...lines].join('\n');
};

const marks: Readonly<Record<CheckReport['outcome'], string>> = { pass: '✅', fail: '❌', blocked: '⏳', broken: '⚠️' };

const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const plain = (text: string): string =>
  html(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([\\`*_[\]|~])/g, '\\$1');
