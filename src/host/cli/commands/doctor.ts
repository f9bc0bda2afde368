// `labs doctor`: checks what a lab needs on this machine, and names a remedy for each failure.
import { ExitCode } from '../../../kit/error.ts';
import { examine } from '../../setup/doctor.ts';
import type { Probe } from '../../setup/probe.ts';
import type { Context, Run } from '../context.ts';
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

/** The longest name, in each language. */
export const nameWidth = 21;

const lines = ({ output, say }: Context, { name, status, detail, remedy }: Probe): readonly string[] => {
  const { paint } = output;
  const column = nameWidth + 4;
  const width = output.width - column;
  const mark = { ok: paint('green', '✔'), warning: paint('yellow', '!'), failure: paint('red', '✘') }[status];
  const text = [
    ...wrap(say.fromEnglish(detail), width),
    ...(remedy === undefined
      ? []
      : wrap(`${say.remedy}: ${say.fromEnglish(remedy)}`, width).map((line) => paint('cyan', line))),
  ];
  return text.map((line, row) =>
    row === 0 ? ` ${mark} ${padEnd(say.probeNames[name] ?? name, nameWidth)} ${line}` : `${' '.repeat(column)}${line}`,
  );
};
