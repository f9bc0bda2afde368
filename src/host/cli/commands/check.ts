// `labs check [task]`: shows what passes so far. `--watch` keeps checking and shows each change.
import type { Report } from '../../../api/report.ts';
import { ExitCode } from '../../../kit/error.ts';
import { exitCodeOf } from '../../grade/engine.ts';
import { waitsToBegin } from '../../grade/student.ts';
import { findTask } from '../../lab/catalogue.ts';
import type { Context, Run } from '../context.ts';
import { scoreboard } from '../scoreboard.ts';
import { gradeSession, numbersOf, type Session, withSession } from '../session.ts';
import { watch } from '../watch.ts';

export const run: Run = (context, [name], options) =>
  withSession(context, async (session) => {
    const tasks = name === undefined ? undefined : [findTask(session.lab, name).id];
    const grade = () => gradeSession(context, session, tasks);
    if (options.watch !== true) {
      const report = await grade();
      if (context.json) context.output.line(JSON.stringify(report, null, 2));
      else for (const line of await draw(context, session, report)) context.output.line(line);
      return exitCodeOf(report);
    }
    const last = await watch(context, { grade, draw: (report) => draw(context, session, report) });
    return last ? exitCodeOf(last) : ExitCode.checkFailed;
  });

const draw = async (
  { output, say }: Context,
  { lab, progress }: Session,
  report: Report,
): Promise<readonly string[]> => {
  const now = await progress.read();
  return scoreboard(report, {
    width: output.width,
    paint: output.paint,
    say,
    numbers: numbersOf(lab),
    details: report.tasks.length === 1 ? 'all' : 'next',
    waiting: new Set(lab.tasks.filter((task) => waitsToBegin(task, now)).map(({ id }) => id)),
  });
};
