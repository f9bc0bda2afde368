// Leaves out what the student does not see, for the formats that students read.
import type { Report } from '../../../api/report.ts';

/** The report without hidden checks and their points. @returns also how many there are */
export const withoutHidden = (report: Report): { readonly report: Report; readonly hidden: number } => {
  const sum = (points: readonly number[]): number =>
    Math.round(points.reduce((total, each) => total + each, 0) * 100) / 100;
  let hidden = 0;
  const tasks = report.tasks.map((task) => {
    const checks = task.checks.filter(({ visibility }) => visibility === undefined);
    if (checks.length === task.checks.length) return task;
    hidden += task.checks.length - checks.length;
    return {
      ...task,
      checks,
      score: Math.max(0, sum([...checks.map(({ points }) => points), -(task.hintCost ?? 0)])),
      maxScore: sum(checks.map(({ maxPoints }) => maxPoints)),
    };
  });
  if (hidden === 0) return { report, hidden };
  const { timeLimit } = report;
  const counted = timeLimit?.counted?.map((each) => {
    const { score = 0 } = tasks.find(({ id }) => id === each.task) ?? {};
    return { ...each, score };
  });
  const shown = {
    ...report,
    ...(timeLimit && counted ? { timeLimit: { ...timeLimit, counted } } : {}),
    tasks,
    score: sum(tasks.map(({ score }) => score)),
    maxScore: sum(tasks.map(({ maxScore }) => maxScore)),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
  };
  return { report: shown, hidden };
};
