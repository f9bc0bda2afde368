// `labs verify FILE [lab]`: looks whether evidence is unchanged, and grades again from its facts. Needs no Docker.

import stringWidth from 'string-width';
import type { Report } from '../../../api/report.ts';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { printable } from '../../../kit/printable.ts';
import { readRegularBytes } from '../../../kit/read-file.ts';
import { limits } from '../../evidence/archive.ts';
import { type Opened, openEvidence, type Problem, type Verification, verifyContent } from '../../evidence/verify.ts';
import { timeOf } from '../../grade/report/text.ts';
import { timeLines, words } from '../../grade/report/words.ts';
import { findLab } from '../../lab/catalogue.ts';
import { fileDigests } from '../../lab/load.ts';
import { studentLab } from '../../pack/student-lab.ts';
import type { Context, Run } from '../context.ts';
import { checkingKey } from '../evidence.ts';
import { printReport, wantedReports, writeReports } from '../report-files.ts';
import { padEnd, wrap } from '../text.ts';

export const run: Run = async (context, [file = '', lab], options) => {
  const wanted = wantedReports({ ...context, json: false }, options);
  const key = typeof options.key === 'string' ? await checkingKey(context, options.key) : undefined;
  const opened = await openEvidence(await readEvidence(context, file), key);
  const verification = opened.content && (await verifyHere(context, { ...opened, content: opened.content }, lab));
  const problems = [...opened.problems, ...(verification?.problems ?? [])];
  const holds = problems.length === 0;
  const report = holds ? verification?.regraded.report : undefined;
  // Another program must not take a score from evidence that was changed.
  if (report) await writeReports(context, wanted, report);
  else if (wanted.length > 0) context.output.note(context.output.paint('yellow', context.say.noReport));
  const shown = wanted.some((each) => each.file === undefined);
  if (shown && report) printReport(context, wanted, report);
  else if (context.json) printJson(context, opened, verification, problems);
  else printText(context, opened, verification, problems);
  return holds ? ExitCode.ok : ExitCode.checkFailed;
};

const readEvidence = async ({ say }: Context, file: string): Promise<Buffer> => {
  try {
    return await readRegularBytes(file, limits.packed);
  } catch (cause) {
    throw new LabError('LAB_EVIDENCE_UNREADABLE', say.evidenceUnreadable(file, messageOf(cause)), {
      cause,
      exitCode: ExitCode.usage,
      hint: say.evidenceHint,
    });
  }
};

type WithContent = Opened & Required<Pick<Opened, 'content'>>;

interface VerifiedHere extends Verification {
  /** The edition of the lab here that the evidence was recorded with. */
  readonly edition: 'whole' | 'student';
  /** Checks of the lab here that this edition does not have. */
  readonly notInEvidence: readonly string[];
}

const verifyHere = async (context: Context, opened: WithContent, folder: string | undefined): Promise<VerifiedHere> => {
  const { paths, environment, say } = context;
  const { name } = opened.content.about.lab;
  try {
    // Only a name: a path in a stranger's archive must not choose which scripts of this machine are read.
    const wanted = folder ?? name.replaceAll(/[^\w-]/g, '');
    const { seed, student } = opened.report ?? {};
    const variation = { ...(seed === undefined ? {} : { seed }), ...(student === undefined ? {} : { student }) };
    const lab = await findLab(paths.labs, wanted, environment.cacheFolder, variation);
    if (opened.content.about.lab.digest !== lab.digest) {
      const student = await studentLab(lab, variation);
      if (student && student.lab.digest === opened.content.about.lab.digest)
        return { ...verifyContent(opened, student), edition: 'student', notInEvidence: student.hidden };
    }
    const verification = verifyContent(opened, { lab, files: await fileDigests(lab.folder) });
    return { ...verification, edition: 'whole', notInEvidence: [] };
  } catch (cause) {
    if (folder !== undefined || !(cause instanceof LabError && cause.code === 'LAB_UNKNOWN')) throw cause;
    const hint = say.evidenceLabHint(printable(name));
    throw new LabError(cause.code, cause.message, { cause, exitCode: ExitCode.usage, hint });
  }
};

/** Ids of the values that differ, such as `task/check` or `score`. */
const differing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id));

const checksOf = (report: Report | undefined): ReadonlyMap<string, string> =>
  new Map(
    (report?.tasks ?? []).flatMap(({ id, checks }) =>
      checks.map((check) => [`${id}/${check.id}`, JSON.stringify(check)] as const),
    ),
  );

/** Everything but the checks: `score`, and `TASK.score`. */
const fieldsOf = (report: Report | undefined): ReadonlyMap<string, string> => {
  const { tasks = [], ...whole } = report ?? {};
  const ofTasks = tasks.flatMap(({ id, checks: _, ...task }) =>
    Object.entries(task).map(([key, value]) => [`${id}.${key}`, JSON.stringify(value)] as const),
  );
  return new Map([...Object.entries(whole).map(([key, value]) => [key, JSON.stringify(value)] as const), ...ofTasks]);
};

/** The kept report is not the one that the facts lead to. */
const reportMessage = ({ say }: Context, file: string, kept: Report | undefined, again: Report | undefined): string => {
  const checks = differing(checksOf(kept), checksOf(again));
  if (checks.length > 0) return say.evidenceProblem.report(printable(checks.join(', ')));
  const fields = differing(fieldsOf(kept), fieldsOf(again));
  return fields.length > 0 ? say.otherFields(printable(fields.join(', '))) : say.otherBytes(file);
};

const messageFor = (
  context: Context,
  { code, about }: Problem,
  opened: Opened,
  verification: VerifiedHere | undefined,
): string => {
  const { say } = context;
  if (code === 'report') return reportMessage(context, about, opened.report, verification?.regraded.report);
  const detail = printable(code === 'definition' ? (verification?.changedFiles.join(', ') ?? '') : about);
  return say.evidenceProblem[code](code === 'damaged' ? say.fromEnglish(detail) : detail);
};

const printJson = (
  context: Context,
  opened: Opened,
  verification: VerifiedHere | undefined,
  problems: readonly Problem[],
): void => {
  const { content, signature, repacked } = opened;
  const result = {
    verified: problems.length === 0,
    problems: problems.map((problem) => ({
      code: problem.code,
      about: problem.about,
      message: messageFor(context, problem, opened, verification),
    })),
    signature,
    repacked,
    ...(content ? { about: content.about, attempts: content.student.attempts, facts: content.facts.length } : {}),
    ...(verification
      ? {
          edition: verification.edition,
          notInEvidence: verification.notInEvidence,
          changedFiles: verification.changedFiles,
          scripted: verification.scripted,
          secret: verification.secret,
          report: verification.regraded.report,
        }
      : {}),
  };
  context.output.line(JSON.stringify(result, null, 2));
};

type Row = 'archive' | 'signature' | 'definition' | 'report';

const rowOf: Readonly<Record<Problem['code'], Row>> = {
  damaged: 'archive',
  changed: 'archive',
  missing: 'archive',
  extra: 'archive',
  moved: 'archive',
  manifest: 'archive',
  unreadable: 'archive',
  signature: 'signature',
  unsigned: 'signature',
  definition: 'definition',
  verdict: 'report',
  report: 'report',
};

const printText = (
  context: Context,
  opened: Opened,
  verification: VerifiedHere | undefined,
  problems: readonly Problem[],
): void => {
  const { output, say } = context;
  const { content, signature } = opened;
  const fine: Readonly<Record<Row, string | undefined>> = {
    archive: say.unchanged(opened.files.length),
    signature:
      signature.state === 'valid'
        ? say.signatureValid(signature.key)
        : signature.state === 'unchecked'
          ? say.signatureUnchecked(printable(signature.key))
          : say.unsigned,
    definition:
      verification && content
        ? (verification.edition === 'student' ? say.definitionOfStudent : say.definitionSame)(
            printable(content.about.lab.name),
          )
        : undefined,
    report: verification && content ? say.reportSame(content.facts.length) : say.reportImpossible,
  };
  for (const row of ['archive', 'signature', 'definition', 'report'] as const) {
    const wrong = problems.filter(({ code }) => rowOf[code] === row);
    const texts = wrong.map((problem) => messageFor(context, problem, opened, verification));
    const shown = texts.length > 0 ? texts : [fine[row] ?? ''].filter((text) => text !== '');
    const bad = texts.length > 0 || (row === 'report' && !verification);
    const plain = row === 'signature' && signature.state !== 'valid' && !bad;
    printRow(context, row, { texts: shown.slice(0, 20), mark: bad ? '✘' : plain ? '·' : '✔' });
  }
  const notes = [
    ...(opened.repacked && problems.length === 0 ? [say.repacked] : []),
    ...(verification && verification.scripted.length > 0
      ? [say.verdictsByScript(printable(verification.scripted.join(', ')))]
      : []),
    ...(verification && verification.secret.length > 0
      ? [say.verdictsWithSecret(printable(verification.secret.join(', ')))]
      : []),
    ...(verification && verification.notInEvidence.length > 0
      ? [say.notInEvidence(printable(verification.notInEvidence.join(', ')))]
      : []),
  ];
  for (const note of notes)
    for (const [index, line] of wrap(note, output.width - 3).entries())
      output.line(output.paint('yellow', `${index === 0 ? ' ! ' : '   '}${line}`));
  output.line();
  const holds = problems.length === 0;
  output.line(output.paint(['bold', holds ? 'green' : 'red'], holds ? say.verified : say.notVerified));
  const report = verification?.regraded.report;
  if (!report || !content) return;
  output.line(`${say.score} ${report.score} / ${report.maxScore}   ${say.reportOfEvidence(timeOf(report.gradedAt))}`);
  const drawn = [report.student, report.seed].filter((each) => each !== undefined).join(', ');
  if (drawn !== '') output.line(printable(say.drawnFor(drawn)));
  for (const line of timeLines(report, words[context.environment.language], timeOf))
    for (const part of wrap(printable(line), output.width)) output.line(part);
  const { labs, kubernetes = '?', kernel } = content.about.versions;
  output.line(output.paint('dim', printable(say.versions(labs, kubernetes, kernel))));
  const attempts = Object.values(content.student.attempts);
  const count = (of: 'tries' | 'wrong'): number => attempts.reduce((sum, each) => sum + each[of], 0);
  const times = attempts.flatMap(({ first, last }) => [first, last]).sort();
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return;
  output.line(
    output.paint('dim', printable(say.attempts(count('tries'), count('wrong'), timeOf(first), timeOf(last)))),
  );
};

const printRow = (
  { output, say }: Context,
  row: Row,
  { texts, mark }: { readonly texts: readonly string[]; readonly mark: '✔' | '✘' | '·' },
): void => {
  const column = Math.max(...Object.values(say.verifyLabels).map((label) => stringWidth(label))) + 2;
  const style = mark === '✔' ? 'green' : mark === '✘' ? 'red' : 'dim';
  const lines = texts.flatMap((text) => wrap(text, output.width - 3 - column));
  for (const [index, line] of lines.entries())
    output.line(
      index === 0
        ? ` ${output.paint(style, mark)} ${padEnd(say.verifyLabels[row], column)}${line}`
        : ' '.repeat(3 + column) + line,
    );
};
