// JUnit XML: a suite for each task, a case for each check. A blocked check is skipped, a broken check is an error.
import type { Language } from '../../../api/lab.ts';
import type { CheckReport, Report, TaskReport } from '../../../api/report.ts';
import { drawnFor, type ReportWords, troubleText, words } from './words.ts';

export const renderJunit = (report: Report, language: Language): string => {
  const tasks = report.tasks.map((task) => suite(task, report, words[language]));
  const { steps = [] } = report.submission ?? {};
  const suites = steps.length > 0 ? [submissionSuite(steps, report), ...tasks] : tasks;
  // A step of a submission passes or fails, as a check does.
  const all = [
    ...steps.map(({ outcome }) => ({ outcome: outcome === 'done' ? ('pass' as const) : ('fail' as const) })),
    ...report.tasks.flatMap(({ checks }) => checks),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(report.lab)}" ${counts(all)} time="${seconds(report.durationMs)}">\n${suites.join('')}</testsuites>\n`;
};

/** Readers expect them in a suite, before its cases. */
const properties = (report: Report): string => {
  const { counted: _, ...time } = report.timeLimit ?? {};
  const ofTime = Object.entries(time).map(([name, value]) => [`timeLimit.${name}`, String(value)] as const);
  const unsafe = report.unsafeNodes ? [['unsafeNodes', 'true'] as const] : [];
  const all = [...Object.entries(drawnFor(report)), ...ofTime, ...unsafe].map(
    ([name, value]) => `      <property name="${name}" value="${escapeXml(value)}"/>\n`,
  );
  return all.length === 0 ? '' : `    <properties>\n${all.join('')}    </properties>\n`;
};

const submissionSuite = (steps: NonNullable<Report['submission']>['steps'], report: Report): string => {
  const { lab } = report;
  const cases = steps.map(({ step, outcome, message = '', durationMs }) => {
    const head = `    <testcase name="${escapeXml(step)}" classname="${escapeXml(`${lab}.submission`)}" time="${seconds(durationMs)}"`;
    if (outcome === 'done') return `${head}/>\n`;
    const [first = ''] = message.split('\n');
    return `${head}>\n      <failure message="${escapeXml(first)}">${escapeXml(message)}</failure>\n    </testcase>\n`;
  });
  const failed = steps.filter(({ outcome }) => outcome === 'failed').length;
  const time = seconds(steps.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const head = `<testsuite name="submission" tests="${steps.length}" failures="${failed}" errors="0" skipped="0"`;
  return `  ${head} time="${time}">\n${properties(report)}${cases.join('')}  </testsuite>\n`;
};

const suite = (task: TaskReport, report: Report, say: ReportWords): string => {
  const { lab } = report;
  const cases = task.checks.map((check) => testCase(check, `${lab}.${task.id}`, say));
  const time = seconds(Math.max(0, ...task.checks.map(({ durationMs }) => durationMs)));
  const head = `<testsuite name="${escapeXml(`${task.id}: ${task.title}`)}" ${counts(task.checks)} time="${time}">`;
  return `  ${head}\n${properties(report)}${cases.join('')}  </testsuite>\n`;
};

const testCase = (check: CheckReport, classname: string, { labels, waitsFor }: ReportWords): string => {
  const head = `    <testcase name="${escapeXml(`${check.id}: ${check.title}`)}" classname="${escapeXml(classname)}" time="${seconds(check.durationMs)}"`;
  const trouble = escapeXml(troubleText(check, labels));
  const message = escapeXml(check.observed);
  switch (check.outcome) {
    case 'pass':
      return `${head}/>\n`;
    case 'fail':
      return `${head}>\n      <failure message="${message}">${trouble}</failure>\n    </testcase>\n`;
    case 'blocked':
      return `${head}>\n      <skipped message="${escapeXml(waitsFor(check.observed))}"/>\n    </testcase>\n`;
    case 'broken':
      return `${head}>\n      <error message="${message}">${trouble}</error>\n    </testcase>\n`;
  }
};

const counts = (checks: readonly Pick<CheckReport, 'outcome'>[]): string => {
  const count = (outcome: CheckReport['outcome']): number => checks.filter((check) => check.outcome === outcome).length;
  return `tests="${checks.length}" failures="${count('fail')}" errors="${count('broken')}" skipped="${count('blocked')}"`;
};

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** XML 1.0 cannot contain most control characters, so they are left out. */
const escapeXml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are meant
    .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
