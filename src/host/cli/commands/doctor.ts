// `labs doctor`: checks what a lab needs on this machine, and names a remedy for each failure.
import { ExitCode } from '../../../kit/error.ts';
import { examine } from '../../setup/doctor.ts';
import type { Probe } from '../../setup/probe.ts';
import type { Context, Run } from '../context.ts';
import { inLanguage } from '../failure.ts';
import type { Messages } from '../messages.ts';
import { padEnd, wrap } from '../text.ts';

export const run: Run = async (context) => {
  const { output, say, json, paths, signal } = context;
  const probes = await examine({ docker: await context.docker(), root: paths.root, signal });
  const failed = probes.some(({ status }) => status === 'failure');
  if (json) output.line(JSON.stringify({ ok: !failed, probes }, null, 2));
  else {
    for (const line of probes.flatMap((probe) => lines(context, probe))) output.line(line);
    output.line();
    output.line(failed ? output.paint('red', say.doctorFailed) : output.paint('green', say.doctorFine));
  }
  return failed ? ExitCode.broken : ExitCode.ok;
};

/** The doctor writes English. What it says has known sentences, and errors from below. */
export const probeInLanguage = (text: string, say: Messages): string =>
  say.probeSentences.reduce(
    (translated, [pattern, sentence]) => translated.replace(pattern, sentence),
    inLanguage(text, say),
  );

const lines = ({ output, say }: Context, { name, status, detail, remedy }: Probe): readonly string[] => {
  const { paint } = output;
  const width = output.width - 24;
  const shown = (text: string): string => probeInLanguage(text, say);
  const mark = { ok: paint('green', '✔'), warning: paint('yellow', '!'), failure: paint('red', '✘') }[status];
  const text = [
    ...wrap(shown(detail), width),
    ...(remedy === undefined ? [] : wrap(`${say.remedy}: ${shown(remedy)}`, width).map((line) => paint('cyan', line))),
  ];
  return text.map((line, row) =>
    row === 0 ? ` ${mark} ${padEnd(say.probeNames[name] ?? name, 20)} ${line}` : `${' '.repeat(24)}${line}`,
  );
};
