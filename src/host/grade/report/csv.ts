// A row for each check, for spreadsheets (RFC 4180). The header is English in every language, because programs read it.
import { stringify } from 'csv-stringify/sync';
import type { Report } from '../../../api/report.ts';
import { drawnFor } from './words.ts';

/** Student, seed, unsafe nodes and the cost of hints come last, and only where they exist: other columns stay. */
export const renderCsv = (report: Report): string => {
  const { lab, name, gradedAt, tasks } = report;
  const isCostly = tasks.some(({ hintCost }) => hintCost !== undefined);
  return stringify(
    tasks.flatMap((task) =>
      task.checks.map((check) => ({
        ...{ lab, name, gradedAt, task: task.id, number: task.number, taskTitle: task.title },
        ...{ check: check.id, checkTitle: check.title, outcome: check.outcome },
        ...{ points: check.points, maxPoints: check.maxPoints, taskScore: task.score, observed: check.observed },
        ...{ visibility: check.visibility ?? 'always' },
        ...{ passedAt: task.passedAt ?? '', solved: task.solved ? 'yes' : '', skipped: task.skipped ? 'yes' : '' },
        ...drawnFor(report),
        ...(report.unsafeNodes ? { unsafeNodes: 'yes' } : {}),
        ...(isCostly ? { hintCost: task.hintCost ?? 0 } : {}),
      })),
    ),
    // A student may have chosen what was observed. A spreadsheet must not take it for a formula.
    { header: true, escape_formulas: true, record_delimiter: '\r\n' },
  );
};
