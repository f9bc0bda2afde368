// A score of LTI Assignment and Grade Services (1EdTech, LTI AGS 2.0, "Score publish service"), for Moodle, Canvas and
// others. The tool that publishes it adds `userId`: labs does not know the platform's users.
import type { Language } from '../../../api/lab.ts';
import { passesNow, type Report } from '../../../api/report.ts';
import { aboutLines, costNote, submissionLines, words } from './words.ts';

export const renderLti = (report: Report, language: Language): string => {
  const { lowerBound, gradeAgain } = words[language];
  const tasks = report.tasks.map(
    (task) => `${task.number}. ${task.title}: ${task.score}/${task.maxScore}${costNote(task, words[language])}`,
  );
  const score = {
    timestamp: report.gradedAt,
    scoreGiven: report.score,
    scoreMaximum: report.maxScore,
    comment: [
      ...aboutLines(report, words[language]),
      ...(report.broken ? [`${lowerBound} ${gradeAgain}`] : []),
      ...submissionLines(report, words[language]),
      ...tasks,
    ].join('\n'),
    activityProgress: report.tasks.every(passesNow) ? 'Completed' : 'Submitted',
    // What is broken has to be graded again, so the platform must not show this score as the result.
    gradingProgress: report.broken ? 'Failed' : 'FullyGraded',
  };
  return `${JSON.stringify(score, null, 2)}\n`;
};
