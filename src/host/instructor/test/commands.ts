// Runs the commands that the texts and hints show, in a fresh cluster and in the order of a student.
import { membersOf } from '../../../api/cluster.ts';
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { type Fence, fencesOf } from '../../lab/fences.ts';
import { textOf } from '../../lab/text.ts';
import { beginTask, solveTask } from '../../tasks/run.ts';
import type { Course } from './course.ts';
import { type Fences, limitMs, pasteCommands } from './paste.ts';
import { drawFrom } from './sample.ts';
import { Shells } from './shells.ts';
import { titleOf } from './solving.ts';

/** Nothing is done if no text has a command. */
export const testCommands = async (course: Course): Promise<void> => {
  const { lab, say, tasks } = course;
  const fences = new Map<TaskDefinition, Fences>();
  for (const task of tasks) fences.set(task, await fencesIn(course, task));
  const withCommands = tasks.filter((task) => {
    const { text, hints } = fences.get(task) ?? none;
    return text.length + hints.length > 0;
  });
  if (withCommands.length === 0) return;
  const typed = course.sample ? drawFrom(withCommands, course.sample, ({ id }) => id) : tasks;
  const end = lab.tasks.findLastIndex((task) => typed.includes(task)) + 1;
  await course.part('student', say.student, async () => {
    await course.bench.remove();
    await course.bench.start();
    return undefined;
  });
  const shells = new Shells(course.bench.site, limitMs);
  try {
    for (const task of lab.tasks.slice(0, end))
      if (typed.includes(task)) await testTask(course, task, { shells, fences: fences.get(task) ?? none });
      else
        await course.part(`student solves ${task.id}`, titleOf(course, task), async () => {
          await solveTask(course.run(task));
          return undefined;
        });
  } finally {
    await shells.close();
  }
  await course.part('full of the student', say.fullAgain, async () => {
    await course.expectFull(typed, say.notFullStudent);
    return undefined;
  });
};

const none: Fences = { text: [], hints: [] };

/** All languages have the same commands. */
const fencesIn = async ({ lab }: Course, { text, hints }: TaskDefinition): Promise<Fences> => {
  const places = ['host', ...membersOf(lab.cluster)];
  const runnable = (source: string): readonly Fence[] => fencesOf(source).filter(({ place }) => places.includes(place));
  return {
    text: runnable(await textOf(lab, localize(text, 'en')).catch(() => '')),
    hints: hints.flatMap((hint) => runnable(localize(hint.text, 'en'))),
  };
};

const testTask = (
  course: Course,
  task: TaskDefinition,
  { shells, fences }: { readonly shells: Shells; readonly fences: Fences },
): Promise<boolean> =>
  course.part(`commands ${task.id}`, course.say.commands(course.number(task)), async () => {
    const { say, signal } = course;
    if (task.setup !== undefined) await beginTask(course.run(task));
    const solve = async (): Promise<boolean> => {
      await solveTask(course.run(task));
      return course.expectFull([task], say.notFullStudent);
    };
    const find = (text: string): void => course.find(text, { task: task.id });
    return say.ranCommands(await pasteCommands({ fences, shells, solve, find, say, signal }));
  });
