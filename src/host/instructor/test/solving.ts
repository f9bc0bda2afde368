// Before the work nothing passes, and each solution turns exactly the checks of its task green.
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { isFaultScript, readReference } from '../../faults/reference.ts';
import { beginTask, solveTask } from '../../tasks/run.ts';
import { allPass, type Course, checksOf, type Outcomes, sawOf, tasksBehind } from './course.ts';
import { mendedBetween, type State, stateOf } from './mutants/state.ts';
import { languagesOf } from './texts.ts';

/** Nobody has done anything yet. */
export const testUntouched = (course: Course): Promise<boolean> =>
  course.part('untouched', course.say.untouched, async () => {
    const { say, tasks } = course;
    for (const language of languagesOf(course.lab)) {
      const outcomes = await course.grade({ tasks, once: true, language });
      for (const [id, check] of outcomes) {
        const [task = '', name = ''] = id.split('/');
        const odd = /undefined|\[object |\$\{/.exec([check.expected, check.observed, check.hint ?? ''].join('\n'));
        if (odd) course.find(say.oddReport(id, language, odd[0]), { task, check: name });
        if (language !== 'en') continue;
        if (check.outcome === 'pass') course.find(say.passesUntouched(id, check.observed), { task, check: name });
        if (check.outcome === 'broken') course.broken(say.broke(id, check.observed), { task, check: name });
      }
    }
    return undefined;
  });

/** Does the tasks before the one that is tested. */
export const solveEarlier = (course: Course, tasks: readonly TaskDefinition[]): Promise<boolean> =>
  course.part('earlier', course.say.earlier, async () => {
    for (const task of tasks) {
      await solveTask(course.run(task));
      await course.grade({ tasks: [task], once: !isNeeded(course, task) });
      course.solved.add(task.id);
    }
    return undefined;
  });

/** Only a grading with the checks that change the cluster records such a task, and a tested one may wait for it. */
export const isNeeded = ({ tasks }: Pick<Course, 'tasks'>, { id }: Pick<TaskDefinition, 'id'>): boolean =>
  tasks.some(({ needs }) => needs?.includes(id));

export const titleOf = ({ lab, language, say }: Course, task: TaskDefinition): string => {
  const [number, title] = [lab.tasks.indexOf(task) + 1, localize(task.title, language)];
  const faults = lab.drawsFaults ? faultsOf(task) : [];
  return faults.length === 0 ? say.task(number, title) : say.drawnTask(number, title, faults.join(', '));
};

/** Of the library. */
const faultsOf = ({ setup }: TaskDefinition): readonly string[] =>
  setup !== undefined && isFaultScript(setup) ? readReference(setup).uses.map(({ name }) => name) : [];

/** @returns whether the solution gives all points */
export const testSolution = async (course: Course, task: TaskDefinition): Promise<boolean> => {
  let full = false;
  await course.part(`solve ${task.id}`, titleOf(course, task), async () => {
    const { say } = course;
    const before = course.latest ?? (await course.grade({ once: true }));
    course.latest = undefined;
    let broken: State | undefined;
    let kept: readonly string[] = [];
    if (task.setup !== undefined) {
      await beginTask(course.run(task));
      const begun = await course.grade({ tasks: [task], once: true });
      if (allPass(begun)) course.find(say.nothingToDo(task.id), { task: task.id });
      else
        kept = [...begun].filter(([, { outcome }]) => outcome === 'pass').map(([id]) => id.slice(task.id.length + 1));
      broken = await stateOf(course);
    } else if (allPass(ofTask(before, task))) course.find(say.nothingToDo(task.id), { task: task.id });
    await solveTask(course.run(task));
    full = await course.expectFull([task], (id, saw) => say.notSolved(id, saw));
    if (broken) course.mended.set(task.id, mendedBetween(broken, await stateOf(course)));
    course.solved.add(task.id);
    const after = await course.grade({ once: true });
    const own = [...ofTask(after, task).keys()];
    course.turned.set(
      task.id,
      own.filter((id) => before.get(id)?.outcome !== 'pass' && after.get(id)?.outcome === 'pass'),
    );
    await compareOthers(course, task, { before, after });
    course.latest = after;
    return kept.length > 0 ? say.keptByFault(kept.join(', ')) : undefined;
  });
  return full;
};

const ofTask = (outcomes: Outcomes, { id }: TaskDefinition): Outcomes =>
  new Map([...outcomes].filter(([each]) => each.startsWith(`${id}/`)));

const compareOthers = async (
  course: Course,
  task: TaskDefinition,
  { before, after }: { readonly before: Outcomes; readonly after: Outcomes },
): Promise<void> => {
  const { lab, say } = course;
  const checks = checksOf(lab);
  for (const [id, check] of after) {
    const [owner = '', name = ''] = id.split('/');
    if (owner === task.id || check.outcome !== 'pass' || before.get(id)?.outcome === 'pass') continue;
    if (!tasksBehind(id, checks).has(task.id)) course.find(say.solvedToo(id, task.id), { task: owner, check: name });
  }
  const fallen = (outcomes: Outcomes): readonly string[] =>
    [...before]
      .filter(([id, { outcome }]) => outcome === 'pass' && outcomes.get(id)?.outcome !== 'pass')
      .map(([id]) => id);
  const lost = fallen(after).filter((id) => !id.startsWith(`${task.id}/`));
  if (lost.length === 0) return;
  // A change needs a moment, so what fell may stand again.
  const touched = lab.tasks.filter(({ id }) => lost.some((each) => each.startsWith(`${id}/`)));
  const stands = (outcomes: Outcomes): boolean => lost.every((id) => outcomes.get(id)?.outcome === 'pass');
  const latest = await course.gradeUntil(stands, { tasks: touched }, 5000);
  for (const id of lost) {
    const check = latest.get(id);
    const [owner = '', name = ''] = id.split('/');
    if (check && check.outcome !== 'pass')
      course.find(say.damages(task.id, id, sawOf(check)), { task: owner, check: name });
  }
};
