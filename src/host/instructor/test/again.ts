// A task that is reset fails again, and its solution works again; the author's wrong solutions lose points; a fault
// survives a stop and a start.
import { basename, relative } from 'node:path';
import type { TaskDefinition } from '../../../api/lab.ts';
import { messageOf } from '../../../kit/error.ts';
import { isFaultScript, readReference } from '../../faults/reference.ts';
import { isQuestion } from '../../grade/checks/answer.ts';
import { startAnew } from '../../tasks/checkpoint.ts';
import { cheatTask, solveTask } from '../../tasks/run.ts';
import { allPass, type Course, type Outcomes, sawOf } from './course.ts';
import type { Reason } from './mutants/subjects.ts';
import { drawFrom } from './sample.ts';

export const testAgain = async (course: Course, task: TaskDefinition): Promise<void> => {
  const { say } = course;
  const number = course.number(task);
  const hasFault = task.setup !== undefined;
  await course.part(`reset ${task.id}`, hasFault ? say.resetAndRestart(number) : say.reset(number), async () => {
    await anew(course, task);
    await expectFailing(course, task);
    if (hasFault) await restart(course, task);
    return undefined;
  });
  for (const file of drawFrom(task.wrong ?? [], course.sample, (each) => each))
    await course.part(`wrong ${task.id}/${nameOf(file)}`, say.wrong(number, nameOf(file)), async () => {
      await cheat(course, task, file);
      await anew(course, task);
      return undefined;
    });
  await course.part(`again ${task.id}`, say.again(number), async () => {
    await solveTask(course.run(task));
    await course.expectFull([task], say.notSolvedAgain);
    return undefined;
  });
};

/** A wrong solution of a fault has a name, and no file. */
const nameOf = (file: string): string => (isFaultScript(file) ? (readReference(file).cheat ?? '') : basename(file));

/** As `labs reset TASK` does. */
export const anew = (course: Course, task: TaskDefinition): Promise<void> =>
  startAnew(course.run(task), { working: (_, work) => work() });

const expectFailing = async (course: Course, task: TaskDefinition): Promise<void> => {
  const { say } = course;
  const mine = (course.turned.get(task.id) ?? []).map((id) => id.slice(task.id.length + 1));
  const left = (outcomes: Outcomes): readonly string[] =>
    mine.filter((check) => outcomes.get(`${task.id}/${check}`)?.outcome === 'pass');
  const breaks = task.setup !== undefined;
  const fails = (outcomes: Outcomes): boolean => (breaks ? !allPass(outcomes) : left(outcomes).length === 0);
  const outcomes = await course.gradeUntil(fails, { tasks: [task], once: true }, 5000);
  if (fails(outcomes)) return;
  const about = { task: task.id };
  if (breaks) course.find(say.notBrokenAgain(task.id), about);
  else for (const check of left(outcomes)) course.find(say.staysAfterReset(`${task.id}/${check}`), { ...about, check });
};

/** `labs stop` and `labs start`: the score stays, and so does the fault of the task, if it has one. */
export const restart = async (course: Course, task?: TaskDefinition): Promise<void> => {
  const { say } = course;
  const before = await course.grade();
  await course.bench.stop();
  await course.bench.start();
  const kept = (outcomes: Outcomes): boolean =>
    [...before].every(([id, { outcome }]) => outcome !== 'pass' || outcomes.get(id)?.outcome === 'pass');
  const after = await course.gradeUntil(kept, {}, 15_000);
  for (const [id, check] of before) {
    const now = after.get(id);
    if (check.outcome === 'pass' && now && now.outcome !== 'pass' && !id.startsWith(`${task?.id}/`))
      course.report(id, now, say.lostByRestart(id, sawOf(now)));
  }
  const own = new Map([...after].filter(([id]) => task !== undefined && id.startsWith(`${task.id}/`)));
  if (task !== undefined && allPass(own)) course.find(say.healedByRestart(task.id), { task: task.id });
};

const cheat = async (course: Course, task: TaskDefinition, file: string): Promise<void> => {
  const { lab, say } = course;
  const what = isFaultScript(file) ? nameOf(file) : relative(lab.folder, file);
  try {
    await cheatTask(course.run(task), file);
  } catch (error) {
    course.signal.throwIfAborted();
    course.find(say.cheatFailed(what, messageOf(error)), { task: task.id });
    return;
  }
  // The answers are those of an honest student: a wrong solution is about the cluster, unless it answers itself.
  const questions = new Set(task.checks.filter(isQuestion).map(({ id }) => `${task.id}/${id}`));
  const { answers } = await course.bench.site.progress.read();
  const counts = (id: string): boolean => !questions.has(id) || answers[id] !== undefined;
  const lost = (outcomes: Outcomes): readonly string[] =>
    [...outcomes].filter(([id, { outcome }]) => counts(id) && outcome !== 'pass').map(([id]) => id);
  const outcomes = await course.gradeUntil((each) => lost(each).length > 0, { tasks: [task] }, 5000);
  judge(course, { task: task.id, what: say.cheat(what), outcomes, counts });
};

/** Keeps what the grader said of a wrong solution. A survivor is a finding. */
export const judge = (
  course: Course,
  {
    task,
    what,
    outcomes,
    counts = () => true,
    reason,
  }: {
    readonly task: string;
    readonly what: string;
    readonly outcomes: Outcomes;
    readonly counts?: (id: string) => boolean;
    readonly reason?: Reason | undefined;
  },
): void => {
  const { say } = course;
  const own = [...outcomes].filter(([id]) => id.startsWith(`${task}/`) && counts(id));
  const lost = own.filter(([, { outcome }]) => outcome === 'fail' || outcome === 'blocked');
  const unknown = own.filter(([, { outcome }]) => outcome === 'broken');
  const shown = (checks: typeof own): readonly string[] => checks.map(([id, check]) => `${id}: ${sawOf(check)}`);
  if (lost.length > 0) course.tried.push({ task, what, result: 'killed', saw: shown(lost) });
  else if (own.length === 0) throw new Error(`the wrong solution was not graded: ${what}`);
  else if (unknown.length > 0) {
    course.tried.push({ task, what, result: 'broken', saw: shown(unknown) });
    for (const [id, { observed }] of unknown) course.broken(say.broke(id, observed), { task });
  } else {
    course.tried.push({ task, what, result: 'survived', saw: shown(own) });
    const because = reason ? say.because(`${task}/${reason.check}`, reason.field, reason.names) : '';
    course.find(say.survived(task, what, shown(own).join('; ')) + because, { task });
  }
};
