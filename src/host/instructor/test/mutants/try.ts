// Tries wrong solutions in the solved cluster: makes them, grades, undoes them. Those that do not meet are tried
// together, because most of the time is spent on waiting.
import { hasProxy } from '../../../../api/cluster.ts';
import type { TaskDefinition } from '../../../../api/lab.ts';
import { messageOf } from '../../../../kit/error.ts';
import { createCalls } from '../../../grade/calls.ts';
import { solveTask } from '../../../tasks/run.ts';
import { anew, judge } from '../again.ts';
import { allPass, type Course, checksOf, type Outcomes, sawOf, tasksBehind } from '../course.ts';
import { drawFrom } from '../sample.ts';
import { tryAnswers } from './answers.ts';
import { deriveMutants } from './derive.ts';
import type { Mutant } from './mutant.ts';
import { hasRules } from './rules.ts';
import { objectsIn } from './state.ts';
import { reasonFor, subjectsIn, subjectsOf, type TaskSubjects } from './subjects.ts';

export const testMutants = async (course: Course): Promise<void> => {
  const { lab, tasks, say, signal, language } = course;
  const { access } = course.bench.site;
  const calls = createCalls({ lab, access, language, signal });
  const objects = await objectsIn(calls);
  const subjects = subjectsIn(objects);
  const machines = access.machines.map(({ name, address }) => ({ name, address: String(address) }));
  const of = (task: TaskDefinition): TaskSubjects => subjectsOf(lab, task, { subjects, pods: objects.pods, machines });
  const proxies = lab.cluster.nodes.filter(hasProxy).map(({ name }) => name);
  const saved = await Promise.all(proxies.map((name) => calls.facts(`node/${name}`, 'iptables')));
  const ruleNodes = proxies.filter((_, index) => hasRules(saved[index]?.iptables));
  const about = lab.tasks.map(of);
  const nft = new Map(
    await Promise.all(
      calls.nodes.map(async (node) => [node, (await calls.facts(`node/${node}`, 'nft')).nft ?? ''] as const),
    ),
  );
  const all = deriveMutants({ calls, say, subjects, tasks: tasks.map(of), mended: course.mended, ruleNodes, nft });
  await tryAnswers(course);
  const tried = drawFrom(
    all.filter((each) => each.tasks.length > 0),
    course.sample,
    ({ group, what }) => `${group}: ${what}`,
  );
  for (const batch of batchesOf(tried, affectedBy(course, about))) if (!(await tryBatch(course, batch, about))) return;
};

/** The tasks that may lose points by a wrong solution, whether they promise anything about it or not. */
type Affected = (mutant: Mutant) => ReadonlySet<string>;

const affectedBy = ({ lab }: Course, all: readonly TaskSubjects[]): Affected => {
  const checks = checksOf(lab);
  const behind = new Map<string, Set<string>>();
  for (const id of checks.keys()) {
    const [task = ''] = id.split('/');
    for (const other of tasksBehind(id, checks)) behind.set(task, (behind.get(task) ?? new Set()).add(other));
  }
  return ({ tasks, services }) => {
    const first = new Set([
      ...tasks,
      ...all.filter((each) => each.services.some((key) => services.includes(key))).map(({ task }) => task.id),
    ]);
    const dependents = [...behind].filter(([, others]) => [...others].some((other) => first.has(other)));
    return new Set([...first, ...dependents.map(([task]) => task)]);
  };
};

interface Batch {
  readonly group: string;
  readonly mutants: readonly Mutant[];
  readonly affected: ReadonlySet<string>;
}

/** Together only if no task is about one of them and touched by another one. */
export const batchesOf = (mutants: readonly Mutant[], affected: Affected): readonly Batch[] => {
  const batches: { group: string; mutants: Mutant[]; affected: Set<string> }[] = [];
  for (const mutant of mutants) {
    const touched = affected(mutant);
    const fits = batches.find(
      (batch) =>
        batch.group === mutant.group &&
        !mutant.tasks.some((task) => batch.affected.has(task)) &&
        !batch.mutants.some(({ tasks }) => tasks.some((task) => touched.has(task))),
    );
    if (!fits) batches.push({ group: mutant.group, mutants: [mutant], affected: new Set(touched) });
    else {
      fits.mutants.push(mutant);
      for (const task of touched) fits.affected.add(task);
    }
  }
  return batches;
};

/** kube-proxy acts within two seconds. A wrong solution that has all points for so long has survived. */
const survivalMs = 6000;
const repairMs = 20_000;

/** @returns whether the cluster is whole again */
const tryBatch = async (
  course: Course,
  { group, mutants, affected }: Batch,
  about: readonly TaskSubjects[],
): Promise<boolean> => {
  const { say, lab } = course;
  const [kind = '', node = ''] = group.split(' on ');
  const title = [say.groups[kind as keyof typeof say.groups], node].filter(Boolean).join(', ');
  const ids = [...new Set(mutants.flatMap(({ tasks }) => tasks))];
  let whole = true;
  await course.part(`mutants ${group} ${mutants[0]?.what}`, say.mutants(title), async () => {
    const before = course.tried.length;
    const touched = lab.tasks.filter(({ id }) => affected.has(id));
    try {
      for (const mutant of mutants) await mutant.apply();
      const chosen = lab.tasks.filter(({ id }) => ids.includes(id));
      const lost = (outcomes: Outcomes): boolean =>
        ids.every((id) =>
          [...outcomes].some(([check, { outcome }]) => check.startsWith(`${id}/`) && outcome !== 'pass'),
        );
      const outcomes = await course.gradeUntil(lost, { tasks: chosen }, survivalMs);
      for (const mutant of mutants)
        for (const task of mutant.tasks) {
          const subjects = about.find((each) => each.task.id === task);
          const reason = subjects && reasonFor(mutant, subjects);
          judge(course, { task, what: mutant.what, outcomes, reason });
        }
    } catch (error) {
      course.signal.throwIfAborted();
      for (const { what } of mutants) course.broken(say.notTried(what, messageOf(error)));
    } finally {
      if (!course.signal.aborted) whole = await undo(course, mutants, touched);
    }
    const tried = course.tried.slice(before);
    return say.killed(tried.filter(({ result }) => result === 'killed').length, tried.length);
  });
  return whole;
};

const undo = async (
  course: Course,
  mutants: readonly Mutant[],
  touched: readonly TaskDefinition[],
): Promise<boolean> => {
  const { say } = course;
  const all = new Map(mutants.flatMap((mutant) => mutant.undo.map(({ key, run }) => [key, run] as const)));
  // One that fails must not keep the others from being done: the grading says what is not whole.
  for (const run of all.values()) await run().catch(() => course.signal.throwIfAborted());
  let wanted = touched.filter((task) => course.solved.has(task.id));
  let outcomes = await course.gradeUntil(allPass, { tasks: wanted }, repairMs);
  if (!allPass(outcomes)) {
    wanted = course.lab.tasks.filter(({ id }) => course.solved.has(id));
    await solveAnew(course, wanted, outcomes);
    outcomes = await course.gradeUntil(allPass, { tasks: wanted }, repairMs);
  }
  for (const [id, check] of outcomes)
    if (check.outcome !== 'pass') course.broken(say.notUndone(mutants[0]?.what ?? '', id, sawOf(check)));
  return allPass(outcomes);
};

/** In the order of the lab: the solution of an earlier task may take away what the one of a later task had changed. */
const solveAnew = async (course: Course, tasks: readonly TaskDefinition[], seen: Outcomes): Promise<void> => {
  let outcomes = seen;
  for (const task of tasks) {
    const isOpen = [...outcomes].some(([check, { outcome }]) => check.startsWith(`${task.id}/`) && outcome !== 'pass');
    if (!isOpen) continue;
    await anew(course, task);
    await solveTask(course.run(task));
    outcomes = await course.gradeUntil(allPass, { tasks }, effectMs);
  }
};

/** kube-proxy and the kubelet act on what a solution changes within two seconds. */
const effectMs = 5000;
