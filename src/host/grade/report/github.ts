// Commands of GitHub Actions: an annotation for each check that did not pass, and a notice with the score. Format:
// docs.github.com, "Workflow commands for GitHub Actions".
import type { Language } from '../../../api/lab.ts';
import type { CheckReport, Report } from '../../../api/report.ts';
import { withoutHidden } from './hidden.ts';
import { aboutLines, failedSteps, troubleText, words } from './words.ts';

export const renderGithub = (whole: Report, language: Language): string => {
  const { report, hidden } = withoutHidden(whole);
  const { hidden: hiddenWords, labels, lowerBound, gradeAgain, points } = words[language];
  const annotations = report.tasks.flatMap(({ number, title, checks }) =>
    checks
      .filter(({ outcome }) => outcome !== 'pass')
      .map((check) => command(levelOf(check), `${number}. ${title}: ${check.title}`, troubleText(check, labels))),
  );
  const failed = failedSteps(report).map(({ step, message = '' }) => command('error', step, message));
  const score = `${points}: ${report.score}/${report.maxScore}`;
  return [
    ...failed,
    ...annotations,
    command(
      'notice',
      report.lab,
      [
        score,
        ...aboutLines(report, words[language]).map((line) => `(${line})`),
        ...(report.broken ? [lowerBound, gradeAgain] : []),
        ...(hidden > 0 ? [hiddenWords(hidden)] : []),
      ].join(' '),
    ),
    '',
  ].join('\n');
};

/** A blocked check is no fault of its own. A broken one is none of the student's. */
const levelOf = ({ outcome }: CheckReport): 'error' | 'warning' | 'notice' =>
  outcome === 'fail' ? 'error' : outcome === 'broken' ? 'warning' : 'notice';

const command = (level: string, title: string, message: string): string =>
  `::${level} title=${property(title)}::${data(message)}`;

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
