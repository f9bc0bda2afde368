// The whole test of one lab, in the order in which it is done.
import { restart, testAgain } from './again.ts';
import { testCommands } from './commands.ts';
import { Course, type CourseOptions, type Finding, type Part, type Tried } from './course.ts';
import { testDefinition } from './definition.ts';
import { testMutants } from './mutants/try.ts';
import { drawFrom } from './sample.ts';
import { solveEarlier, testSolution, testUntouched } from './solving.ts';
import { testTexts } from './texts.ts';

export interface TestResult {
  readonly parts: readonly Part[];
  readonly tried: readonly Tried[];
  /** What ended the test early: the reason of the signal, or the error of labs or of the machine. */
  readonly endedBy?: unknown;
  /** The cluster still runs. */
  readonly kept: boolean;
}

/**
 * Deletes the cluster at the end, also after a failure and an abort. What was found until then is in the result.
 * @throws LabError when the cluster cannot be deleted
 */
export const testLab = async (options: CourseOptions & { readonly keep: boolean }): Promise<TestResult> => {
  const course = new Course(options);
  const { parts, tried } = course;
  let early: Pick<TestResult, 'endedBy'> = {};
  try {
    // Without its scripts, a lab cannot be tried.
    if (await testDefinition(course)) await testCluster(course);
    else await testTexts(course);
  } catch (endedBy) {
    early = { endedBy };
  }
  const failed = 'endedBy' in early;
  const keep = options.keep && !options.signal.aborted && (failed || findingsOf(course).length > 0);
  if (keep) await options.bench.close();
  else if (failed) await options.bench.remove();
  else await testDeletion(course);
  return { parts, tried, kept: keep, ...early };
};

export const findingsOf = ({ parts }: Pick<TestResult, 'parts'>): readonly Finding[] =>
  parts.flatMap(({ findings }) => findings);

const testDeletion = (course: Course): Promise<boolean> =>
  course.part('delete', course.say.deleting, async () => {
    for (const each of await course.bench.remove()) course.find(course.say.left(each));
    return undefined;
  });

const testCluster = async (course: Course): Promise<void> => {
  const { say, lab, tasks } = course;
  await testTexts(course);
  await course.part('start', say.starting, async () => {
    await course.bench.start();
    return undefined;
  });
  await testUntouched(course);
  const first = lab.tasks.findIndex((task) => tasks.includes(task));
  if (first > 0) await solveEarlier(course, lab.tasks.slice(0, first));
  let solved = true;
  for (const task of tasks) solved = (await testSolution(course, task)) && solved;
  // What follows begins at the full score. Without it, everything would be found twice.
  if (!solved) return;
  await course.part('full', say.full, async () => {
    await course.expectFull(tasks, say.notFull);
    return undefined;
  });
  if (!tasks.some(({ setup }) => setup !== undefined))
    await course.part('restart', say.restart, async () => {
      await restart(course);
      return undefined;
    });
  for (const task of drawFrom(tasks, course.sample, ({ id }) => id)) await testAgain(course, task);
  await course.part('full again', say.fullAgain, async () => {
    await course.expectFull(tasks, say.notFull);
    return undefined;
  });
  await testMutants(course);
  if (course.commands) await testCommands(course);
};
