// Runs the commands that the texts and hints show, in a fresh cluster and in the order of a student.
import { membersOf } from '../../../api/cluster.ts';
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { repeatUntil } from '../../../kit/repeat.ts';
import { type Fence, type FencedCommand, fencesOf } from '../../lab/fences.ts';
import { textOf } from '../../lab/text.ts';
import { beginTask, solveTask } from '../../tasks/run.ts';
import type { Course } from './course.ts';
import { drawFrom } from './sample.ts';
import { type Ran, Shells } from './shells.ts';
import { titleOf } from './solving.ts';

/** A command of a text that takes longer is one that a student ends with Ctrl-C. */
const limitMs = 60_000;
/** A student needs a moment between two commands, and so does kube-proxy after a change. */
const patienceMs = 10_000;

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

interface Fences {
  readonly text: readonly Fence[];
  readonly hints: readonly Fence[];
}

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
    if (task.setup !== undefined) await beginTask(course.run(task));
    let count = 0;
    let pending: readonly OneCommand[] = commandsOf(fences.hints);
    let running: { readonly command: OneCommand; readonly end: Promise<Ran | 'endless'> } | undefined;
    const tryHints = async (): Promise<void> => {
      const left: OneCommand[] = [];
      for (const each of pending)
        if (!asMeant(each, await shells.run(each.place, each.text, course.signal))) left.push(each);
      pending = left;
    };
    count += pending.length;
    await tryHints();
    for (const fence of fences.text) {
      const before = running;
      running = undefined;
      for (const command of commandsOf([fence])) {
        count += 1;
        if (command.meanwhile) {
          const started = await shells.start(command.place, command.text, course.signal);
          await started.begun;
          running = { command, end: started.end };
        } else report(course, task, command, await runPatiently(course, shells, command));
      }
      if (before) report(course, task, before.command, await before.end);
      await tryHints();
    }
    if (running) report(course, task, running.command, await running.end);
    // A hint is for some moment of the task. It fails only if it works at none.
    for (const each of pending) report(course, task, each, await runPatiently(course, shells, each));
    await solveTask(course.run(task));
    await course.expectFull([task], course.say.notFullStudent);
    return course.say.ranCommands(count);
  });

interface OneCommand extends FencedCommand {
  readonly place: string;
}

/** Each machine has its shell already, so nothing has to open one. */
const commandsOf = (fences: readonly Fence[]): readonly OneCommand[] =>
  fences
    .flatMap(({ place, commands }) => commands.map((command) => ({ ...command, place })))
    .filter(({ place, text }) => !(place === 'host' && /^labs shell \S+$/.test(text.trim())));

const asMeant = ({ fails }: OneCommand, ran: Ran | 'endless'): boolean =>
  ran !== 'endless' && (ran.exitCode !== 0) === fails;

/** Types it again for a while, because a change may be on its way. @returns the first result if none is as meant */
const runPatiently = async ({ signal }: Course, shells: Shells, command: OneCommand): Promise<Ran | 'endless'> => {
  const first = await shells.run(command.place, command.text, signal);
  if (first === 'endless' || asMeant(command, first)) return first;
  const look = (): Promise<Ran | 'endless'> => shells.run(command.place, command.text, signal);
  const last = await repeatUntil(look, (ran) => asMeant(command, ran), { timeoutMs: patienceMs, signal });
  return asMeant(command, last) ? last : first;
};

const report = (course: Course, { id }: TaskDefinition, command: OneCommand, ran: Ran | 'endless'): void => {
  if (asMeant(command, ran)) return;
  const { say, find } = course;
  const text = firstLine(command.text);
  const about = { task: id };
  if (ran === 'endless') find(say.commandEndless(command.place, text, limitMs / 1000), about);
  else if (ran.exitCode === 0) find(say.commandWorked(command.place, text), about);
  else find(say.commandFailed(command.place, text, ran.exitCode, firstLine(lastLines(ran.output))), about);
};

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 200);

const lastLines = (output: string): string => output.split('\n').filter(Boolean).at(-1) ?? '';
