// `--report FORMAT[=FILE]`: reads the option, writes the files, and prints the one report that has no file.
import { writeFile } from 'node:fs/promises';
import type { Report } from '../../api/report.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';
import { type ReportFormat, reportFormats } from '../grade/report/format.ts';
import { renderText } from '../grade/report/text.ts';
import type { Context, Options } from './context.ts';

/** Before the grading, which takes time: a mistyped format is refused at once. @throws LabError `LAB_REPORT_FORMAT` */
export const wantedReports = (context: Context, options: Options): readonly WantedReport[] => {
  const wanted = ((options.report ?? []) as readonly string[]).map((text) => parseReport(context, text));
  const printed = wanted.filter(({ file }) => file === undefined).length + (context.json ? 1 : 0);
  if (printed > 1) throw new LabError('LAB_REPORT_FORMAT', context.say.reportTwice, { exitCode: ExitCode.usage });
  return wanted;
};

/** @throws LabError `LAB_REPORT_UNWRITABLE` */
export const writeReports = async (
  context: Context,
  wanted: readonly WantedReport[],
  report: Report,
): Promise<void> => {
  const { output, say, environment } = context;
  for (const { format, file } of wanted) {
    if (file === undefined) continue;
    await writeReport(context, file, reportFormats[format](report, environment.language));
    output.note(output.paint('dim', say.wrote(format, file)));
  }
};

/** Prints the report in the format that has no file, as JSON, or as text. */
export const printReport = (context: Context, wanted: readonly WantedReport[], report: Report): void => {
  const { output, environment, json } = context;
  const { language } = environment;
  const shown = wanted.find(({ file }) => file === undefined);
  if (shown) output.write(reportFormats[shown.format](report, language));
  else if (json) output.write(reportFormats.json(report));
  else output.write(renderText(report, { width: output.width, color: output.colored, language }));
};

export interface WantedReport {
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
      exitCode: ExitCode.usage,
      hint: say.reportUnwritableHint,
    });
  }
};
