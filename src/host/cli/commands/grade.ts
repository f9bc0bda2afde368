// `labs grade`: grades the whole lab. Prints the result as text or JSON, and writes report files and evidence.
import { exitCodeOf } from '../../grade/engine.ts';
import type { Run } from '../context.ts';
import { keepEvidence } from '../evidence.ts';
import { printReport, wantedReports, writeReports } from '../report-files.ts';
import { gradeAndRecord, withSession } from '../session.ts';

export const run: Run = async (given, [name], options) => {
  const context = name === undefined ? given : { ...given, name };
  const wanted = wantedReports(context, options);
  const evidence = await keepEvidence(context, options);
  return withSession(context, async (opened) => {
    const session = { ...opened, lab: opened.whole };
    const { report, graded } = await gradeAndRecord(context, session, {
      ...(evidence ? { record: evidence.record } : {}),
    });
    await writeReports(context, wanted, report);
    await evidence?.write(session, report, graded);
    printReport(context, wanted, report);
    return exitCodeOf(report);
  });
};
