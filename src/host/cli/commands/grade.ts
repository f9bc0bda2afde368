// `labs grade`: grades the whole lab. Prints the result as text or JSON, and writes report files for courses.
import { writeFile } from 'node:fs/promises';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import { exitCodeOf } from '../../grade/engine.ts';
import { type ReportFormat, reportFormats } from '../../grade/report/format.ts';
import { renderText } from '../../grade/report/text.ts';
import type { Context, Run } from '../context.ts';
import { gradeSession, withSession } from '../session.ts';

export const run: Run = async (given, [name], options) => {
  const context = name === undefined ? given : { ...given, name };
  // Before the grading, which takes time: a mistyped format is refused at once.
  const wanted = ((options.report ?? []) as readonly string[]).map((text) => parseReport(context, text));
  const printed = wanted.filter(({ file }) => file === undefined).length + (context.json ? 1 : 0);
  if (printed > 1) throw new LabError('LAB_REPORT_FORMAT', context.say.reportTwice, { exitCode: ExitCode.usage });
  return withSession(context, async (session) => {
    const { output, say, environment } = context;
    const report = await gradeSession(context, session);
    for (const { format, file } of wanted) {
      if (file === undefined) continue;
      await writeReport(context, file, reportFormats[format](report, environment.language));
      output.note(output.paint('dim', say.wrote(format, file)));
    }
    const shown = wanted.find(({ file }) => file === undefined);
    if (shown) output.write(reportFormats[shown.format](report, environment.language));
    else if (context.json) output.write(reportFormats.json(report));
    else
      output.write(renderText(report, { width: output.width, color: output.colored, language: environment.language }));
    return exitCodeOf(report);
  });
};

interface WantedReport {
  readonly format: ReportFormat;
  /** Absent: printed in place of the text. */
  readonly file: string | undefined;
}

const parseReport = ({ say }: Context, text: string): WantedReport => {
  const [format = '', ...rest] = text.split('=');
  const file = rest.length > 0 ? rest.join('=') : undefined;
  const formats = Object.keys(reportFormats);
  if (isFormat(format) && file !== '') return { format, file };
  const near = nearest(format, formats);
  throw new LabError('LAB_REPORT_FORMAT', say.reportFormat(text), {
    exitCode: ExitCode.usage,
    hint:
      isFormat(format) || !near ? say.reportFormatHint(formats.join(', ')) : say.didYouMean([near, ...rest].join('=')),
  });
};

const isFormat = (text: string): text is ReportFormat => Object.hasOwn(reportFormats, text);

const writeReport = async ({ say }: Context, file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new LabError('LAB_REPORT_UNWRITABLE', say.reportUnwritable(file, messageOf(cause)), {
      cause,
      hint: say.reportUnwritableHint,
    });
  }
};
