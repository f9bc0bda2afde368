// `labs check [task]`: shows what passes so far. `--watch` keeps checking and shows each change.
import type { Report } from '../../../api/report.ts';
import { ExitCode } from '../../../kit/error.ts';
import { exitCodeOf, isPassed } from '../../grade/engine.ts';
import { waitsToBegin } from '../../grade/student.ts';
import { findTask } from '../../lab/catalogue.ts';
import { printPassed } from '../after-task.ts';
import type { Context, Run } from '../context.ts';
import { type Page, scoreboardPage } from '../scoreboard.ts';
import { gradeAndRecord, type Session, withSession } from '../session.ts';
import { watch } from '../watch.ts';

export const run: Run = (context, [name], options) =>
  withSession(context, async (session) => {
    const tasks = name === undefined ? undefined : [findTask(session.lab, name).id];
    const grade = () => gradeAndRecord(context, session, { ...(tasks ? { tasks } : {}) });
    if (options.watch !== true) {
      const { report, passedNow } = await grade();
      if (context.json) context.output.line(JSON.stringify(report, null, 2));
      else {
        const { body, foot } = await draw(context, session, report);
        for (const line of [...body, ...foot]) context.output.line(line);
        await printPassed(context, session, passedNow);
      }
      return exitCode(report);
    }
    const passedNow: string[] = [];
    const last = await watch(context, {
      async grade() {
        const graded = await grade();
        passedNow.push(...graded.passedNow);
        return graded.report;
      },
      draw: async (report) =>
        context.json ? { body: [JSON.stringify(report)], foot: [], focus: 0 } : draw(context, session, report),
    });
    if (!context.json) await printPassed(context, session, passedNow);
    return last ? exitCode(last) : ExitCode.checkFailed;
  });

/** A task that has passed counts as passed, also when a later fault breaks it. */
const exitCode = (report: Report): ExitCode => (report.tasks.every(isPassed) ? ExitCode.ok : exitCodeOf(report));

const draw = async ({ output, say }: Context, { lab, progress }: Session, report: Report): Promise<Page> => {
  const now = await progress.read();
  return scoreboardPage(report, {
    width: output.width,
    paint: output.paint,
    say,
    details: report.tasks.length === 1 ? 'all' : 'next',
    waiting: new Set(lab.tasks.filter((task) => waitsToBegin(task, now)).map(({ id }) => id)),
  });
};
