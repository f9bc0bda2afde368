// `labs check [task]`: shows what passes so far. `--watch` keeps checking and shows each change.
import type { Report } from '../../../api/report.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { isCurrent } from '../../cluster/open.ts';
import { listClusters } from '../../cluster/status.ts';
import { exitCodeOf, isPassed } from '../../grade/report-of.ts';
import { waitsToBegin } from '../../grade/student.ts';
import type { Clock } from '../../grade/time-limit.ts';
import { findTask } from '../../lab/catalogue.ts';
import { printPassed } from '../after-task.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { type Page, scoreboardPage } from '../scoreboard.ts';
import {
  followAndRecord,
  type Graded,
  gradeShown,
  noteReconnected,
  noteStopped,
  type OpenSession,
  openSession,
  type Session,
  withSession,
} from '../session.ts';
import { keepSnapshot } from '../snapshots.ts';
import { wrap } from '../text.ts';
import { leftLines, leftOf } from '../time-left.ts';
import { type Watched, watch } from '../watch.ts';
import { orWarn } from '../way-in.ts';

export const run: Run = async (context, [name], options) => {
  if (options.watch === true) return watchLab(context, name);
  return withSession(context, async (session) => {
    const { report, passedNow } = await gradeShown(context, session, chosen(session, name));
    await noteStopped(context, session);
    // The user reads the result meanwhile.
    await Promise.all([show(context, session, { report, passedNow }), keepCheck(context, session)]);
    return exitCode(report);
  });
};

/** For `labs diff --since check`. */
const keepCheck = (context: Context, session: Session): Promise<void> =>
  orWarn(context, () => keepSnapshot(context, session, 'check'));

const show = async (context: Context, session: Session, { report, passedNow }: Omit<Graded, 'graded'>) => {
  if (context.json) context.output.line(JSON.stringify(report, null, 2));
  else {
    const { body, foot } = await draw(context, session, report);
    for (const line of [...body, ...foot]) context.output.line(line);
    await printPassed(context, session, passedNow);
  }
  await context.output.flush();
};

const chosen = ({ lab }: Session, name: string | undefined): { readonly tasks?: readonly string[] } =>
  name === undefined ? {} : { tasks: [findTask(lab, name).id] };

const watchLab = async (context: Context, task: string | undefined): Promise<ExitCode> => {
  const { output, say, json } = context;
  const instance = await chooseRunning(context);
  const { name } = instance;
  const docker = await context.docker();
  let session: OpenSession | undefined;
  let passedNow: string[] = [];
  let clock: Clock | undefined;
  const open = async (): Promise<Watched> => {
    const before = session;
    const opened = await openSession(context, instance, { shared: true });
    session = opened;
    if (!before) noteReconnected(context, opened.cluster);
    // `labs reset` has forgotten what passed.
    if (before?.access.instance !== opened.access.instance) passedNow = [];
    const wanted = chosen(opened, task);
    let kept: Promise<void> | undefined;
    return {
      follow: (onReport, signal) =>
        followAndRecord(context, opened, {
          ...wanted,
          signal,
          async onReport(graded) {
            passedNow.push(...graded.passedNow);
            await onReport(graded.report);
            // The watch shows each later change itself.
            kept ??= keepCheck(context, opened).catch(() => {});
          },
        }),
      async draw(report) {
        if (json) return pageOf(JSON.stringify(report));
        clock = (await opened.progress.read()).clock;
        return draw(context, opened, report);
      },
      moment() {
        if (!clock) return '';
        const { stage, text } = leftOf(context, clock);
        // Without a terminal, each minute would add a line.
        return output.interactive ? text : stage;
      },
      ended: opened.cluster.fabric.ended,
      isCurrent: () => isCurrent(opened.cluster, context.signal),
      async [Symbol.asyncDispose]() {
        await kept;
        await opened[Symbol.asyncDispose]();
      },
    };
  };
  const last = await watch(context, {
    open,
    state: async () => (await listClusters(docker, context.signal)).find((one) => one.name === name)?.state,
    drawDown(state) {
      // A lab that is stopping or starting is incomplete for a moment.
      if (json) return pageOf(JSON.stringify({ name, state: state === undefined ? 'deleted' : 'stopped' }));
      if (state === undefined) return pageOf(output.paint('yellow', ` ${say.labDeleted(name)}.`));
      const texts = [`${say.notReady(name, say.states.stopped)}.`, say.waitsForStart(name, instance.lab)];
      const lines = texts.flatMap((text) => wrap(output.printed(text), output.width - 2));
      return pageOf(...lines.map((line) => output.paint('yellow', ` ${line}`)));
    },
    deleted: () =>
      new LabError('LAB_DELETED', say.labDeleted(name), {
        exitCode: ExitCode.broken,
        hint: say.buildAgain(name, instance.lab),
      }),
  });
  if (session && !json) await printPassed(context, session, passedNow);
  return last ? exitCode(last) : ExitCode.checkFailed;
};

const pageOf = (...body: readonly string[]): Page => ({ body, foot: [], focus: 0 });

/** A task that has passed counts as passed, also when a later fault breaks it. What is broken is said in any case. */
export const exitCode = (report: Report): ExitCode =>
  !report.broken && report.tasks.every(isPassed) ? ExitCode.ok : exitCodeOf(report);

const draw = async ({ output, say }: Context, { lab, progress }: Session, report: Report): Promise<Page> => {
  const now = await progress.read();
  const { body, foot, focus } = scoreboardPage(report, {
    width: output.width,
    paint: output.paint,
    say,
    details: report.tasks.length === 1 ? 'all' : 'next',
    numbers: new Map(lab.tasks.map(({ id }, index) => [id, index + 1])),
    waiting: new Set(lab.tasks.filter((task) => waitsToBegin(task, now)).map(({ id }) => id)),
  });
  const left = leftLines({ say, output: { ...output, width: output.width - 1 } }, now.clock);
  return { body, foot: [...foot, ...left.map((line) => ` ${line}`)], focus };
};
