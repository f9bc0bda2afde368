// GitHub Markdown, for a job summary or a comment: a table of tasks, then the checks of tasks that did not pass.
import type { Language } from '../../../api/lab.ts';
import { type CheckReport, passesNow, type Report, type TaskReport } from '../../../api/report.ts';
import { withoutHidden } from './hidden.ts';
import { aboutLines, costNote, failedSteps, type ReportWords, troubleLines, words } from './words.ts';

export const renderMarkdown = (whole: Report, language: Language): string => {
  const { report, hidden } = withoutHidden(whole);
  const say = words[language];
  const rows = report.tasks.map((task) => {
    const title = `${task.number}. ${plain(task.title)}${costNote(task, say)}`;
    return `| ${passesNow(task) ? '✅' : '❌'} | ${title} | ${task.score} / ${task.maxScore} |`;
  });
  const open = report.tasks.filter((task) => !passesNow(task)).map((task) => details(task, say));
  const guesses = report.tasks.flatMap(({ number, guessed = [] }) =>
    guessed.map((guessing) => `> [!NOTE]\n> ${number}. ${plain(say.guessed(guessing))}\n`),
  );
  const broken = report.broken ? [`> [!WARNING]\n> ${say.lowerBound}\n`] : [];
  const steps = failedSteps(report).map(({ step, message = '' }) => `> - ${plain(`${step}: ${message}`)}\n`);
  const applied = steps.length > 0 ? [`> [!WARNING]\n> ${plain(say.notApplied)}\n>\n${steps.join('')}`] : [];
  return [
    `## ${plain(report.lab)}: ${report.score} / ${report.maxScore}\n`,
    ...aboutLines(report, say).map((line) => `${plain(line)}\n`),
    ...broken,
    ...(hidden > 0 ? [`> [!NOTE]\n> ${say.hidden(hidden)}\n`] : []),
    ...applied,
    ...guesses,
    `| | ${say.task} | ${say.points} |\n|---|---|---:|`,
    `${rows.join('\n')}\n`,
    ...open,
  ].join('\n');
};

const details = ({ number, title, checks }: TaskReport, say: ReportWords): string => {
  const items = checks.map((check) => item(check, say)).join('\n');
  return `<details><summary>${number}. ${html(title)}</summary>\n\n${items}\n\n</details>\n`;
};

const item = (check: CheckReport, { labels }: ReportWords): string => {
  const lines = troubleLines(check, labels).map(([label, text]) => `  - ${label}: ${plain(text)}`);
  return [`- ${marks[check.outcome]} ${plain(check.title)} (${check.points}/${check.maxPoints})`, ...lines].join('\n');
};

const marks: Readonly<Record<CheckReport['outcome'], string>> = { pass: '✅', fail: '❌', blocked: '⏳', broken: '⚠️' };

const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const plain = (text: string): string =>
  html(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([\\`*_[\]|~])/g, '\\$1');
