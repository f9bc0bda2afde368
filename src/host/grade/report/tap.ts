// TAP 14: a subtest for each task. A blocked check is skipped. A broken check is "not ok" with `outcome: broken`.
import { stringify } from 'yaml';
import type { Language } from '../../../api/lab.ts';
import { type CheckReport, passesNow, type Report, type TaskReport } from '../../../api/report.ts';
import { aboutLines, failedSteps, troubleLines, words } from './words.ts';

export const renderTap = (report: Report, language: Language): string => {
  const tasks = report.tasks.map((task, index) => subtest(task, index + 1, words[language].waitsFor));
  const failed = failedSteps(report).map(({ step, message = '' }) => `# ${oneLine(`${step}: ${message}`)}\n`);
  // In English, as the keys of the diagnostics.
  const drawn = aboutLines(report, words.en).map((line) => `# ${line}\n`);
  const score = `# score ${report.score}/${report.maxScore}\n`;
  return ['TAP version 14\n', `1..${report.tasks.length}\n`, ...drawn, ...failed, ...tasks, score].join('');
};

type WaitsFor = (observed: string) => string;

const subtest = (task: TaskReport, number: number, waitsFor: WaitsFor): string => {
  const title = plain(`${task.id}: ${task.title}`);
  const points = task.checks.map((check, index) => indent(testPoint(check, index + 1, waitsFor)));
  const ok = passesNow(task);
  return `# Subtest: ${title}\n    1..${task.checks.length}\n${points.join('')}${ok ? 'ok' : 'not ok'} ${number} - ${title}\n`;
};

const testPoint = (check: CheckReport, number: number, waitsFor: WaitsFor): string => {
  const title = plain(`${check.id}: ${check.title}`);
  switch (check.outcome) {
    case 'pass':
      return `ok ${number} - ${title}\n`;
    case 'blocked':
      return `not ok ${number} - ${title} # SKIP ${plain(waitsFor(check.observed))}\n`;
    case 'fail':
    case 'broken':
      return `not ok ${number} - ${title}\n${diagnostics(check)}`;
  }
};

/** Its keys are for programs, so they are English in every language. */
const diagnostics = (check: CheckReport): string => {
  const data = {
    outcome: check.outcome,
    ...Object.fromEntries(troubleLines(check)),
    points: `${check.points}/${check.maxPoints}`,
  };
  return indent(`---\n${stringify(data, { lineWidth: 0 })}...\n`, 2);
};

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** In TAP, `#` starts a directive and `\` escapes. */
const plain = (text: string): string => oneLine(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');

const indent = (text: string, by = 4): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(by) + line))
    .join('\n');
