// `labs grade`: grades the whole lab, or what a student handed in. Prints the result as text or JSON, and writes report
// files and evidence.
import type { Report } from '../../../api/report.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { exitCodeOf } from '../../grade/report-of.ts';
import type { Context, Options, Run } from '../context.ts';
import { type KeptEvidence, keepEvidence } from '../evidence.ts';
import { printReport, wantedReports, writeReports } from '../report-files.ts';
import { gradeShown, noteStopped, withSession } from '../session.ts';
import { wantsUnsafeNodes } from '../unsafe-nodes.ts';
import { variationOf } from '../variation.ts';

export const run: Run = async (context, [name], options) => {
  const wanted = wantedReports(context, options);
  const evidence = await keepEvidence(context, options);
  const report =
    typeof options.submission === 'string'
      ? await gradeFolder(context, { folder: options.submission, lab: name, options, evidence })
      : await gradeRunning(name === undefined ? context : { ...context, name }, options, evidence);
  await writeReports(context, wanted, report);
  printReport(context, wanted, report);
  return exitCodeOf(report);
};

/** A running lab has its seed and student already. */
const ofSubmissions = [
  ['timeLimit', '--time-limit'],
  ['seed', '--seed'],
  ['student', '--student'],
  ['unsafeNodes', '--unsafe-nodes'],
] as const;

const gradeRunning = (context: Context, options: Options, evidence: KeptEvidence | undefined): Promise<Report> => {
  for (const [option, flag] of ofSubmissions)
    if (options[option] !== undefined)
      throw new LabError('LAB_SUBMISSION_NEEDED', context.say.needsSubmission(flag), { exitCode: ExitCode.usage });
  return withSession(context, async (opened) => {
    const session = { ...opened, lab: opened.whole };
    const record = evidence ? { record: evidence.record } : {};
    const { report, graded } = await gradeShown(context, session, record);
    await evidence?.write(session, report, graded);
    // A machine may have stopped only while the lab was graded.
    await noteStopped(context, opened);
    return report;
  });
};

interface Folder {
  readonly folder: string;
  readonly lab: string | undefined;
  readonly options: Options;
  readonly evidence: KeptEvidence | undefined;
}

const gradeFolder = async (context: Context, { folder, lab, options, evidence }: Folder): Promise<Report> => {
  const { gradeSubmission, timeLimit } = await import('../submission.ts');
  return gradeSubmission(context, {
    folder,
    lab,
    // LABS_NAME is the name of a running lab of the user.
    ...(typeof options.name === 'string' ? { name: options.name } : {}),
    limitMs: timeLimit(context, options),
    variation: variationOf(context, options),
    unsafeNodes: wantsUnsafeNodes(options),
    ...(evidence ? { record: evidence.record } : {}),
    onGraded: async (session, { report, graded }) => evidence?.write(session, report, graded),
  });
};
