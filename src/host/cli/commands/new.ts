// `labs new NAME`: writes a lab that works, as the beginning of one's own.
import { relative, resolve } from 'node:path';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { identifier } from '../../grade/checks/fields.ts';
import { copyLab, writeLab } from '../../instructor/new/write.ts';
import { findLab } from '../../lab/catalogue.ts';
import { ask } from '../ask.ts';
import type { Context, Options, Run } from '../context.ts';

export const run: Run = async (context, [given], options) => {
  const { output, say, json, paths } = context;
  const name = nameOf(context, given ?? (await asked(context, say.newName)));
  const folder = resolve(name);
  const place = { folder, packageFolder: paths.root };
  if (options.from === undefined) {
    const title = textOf(options.title) ?? (await asked(context, say.newTitle, titleOf(name)));
    const workers = textOf(options.workers) ?? (await asked(context, say.newWorkers, '2'));
    const tasks = textOf(options.tasks) ?? (await asked(context, say.newTasks, 'web'));
    await writeLab({ name, title, workers: workersOf(context, workers), tasks: tasksOf(context, tasks) }, place);
  } else {
    refuseBeside(context, options);
    const { folder: from } = await findLab(paths.labs, String(options.from));
    await copyLab(from, name, place);
  }
  const shown = `./${relative(process.cwd(), folder)}`;
  const next = [
    [`labs start ${shown}`, say.newStart],
    ['labs check --watch', say.newWatch],
    [`labs lint ${shown}`, say.newLint],
    [`labs test ${shown}`, say.newTest],
  ] as const;
  const width = Math.max(...next.map(([command]) => command.length));
  if (json) {
    output.line(JSON.stringify({ name, folder }, null, 2));
    return ExitCode.ok;
  }
  output.line(output.paint('green', say.newMade(shown)));
  output.line();
  for (const [command, what] of next) output.line(`  ${command.padEnd(width + 4)}${what}`);
  return ExitCode.ok;
};

/** A default serves where nobody can be asked. @throws LabError `LAB_USAGE` if there is none */
const asked = async (context: Context, question: string, byDefault?: string): Promise<string> => {
  if (context.output.interactive && !context.yes) return ask(context, question, byDefault);
  if (byDefault !== undefined) return byDefault;
  throw usage(context.say.newNameMissing, context.say.newNameHint);
};

const textOf = (option: unknown): string | undefined => (option === undefined ? undefined : String(option));

const usage = (message: string, hint: string): LabError =>
  new LabError('LAB_USAGE', message, { exitCode: ExitCode.usage, hint });

const nameOf = (context: Context, name: string): string => {
  const { success, error } = identifier.safeParse(name);
  if (success) return name;
  throw usage(error.issues[0]?.message ?? context.say.newNameMissing, context.say.newNameHint);
};

/** `pod-routes` → `Pod routes` */
const titleOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll('-', ' ');

const mostWorkers = 9;

const workersOf = (context: Context, text: string): number => {
  if (/^\d$/.test(text)) return Number(text);
  throw usage(context.say.newWorkersWrong(text), context.say.newWorkersHint(mostWorkers));
};

const tasksOf = (context: Context, text: string): readonly string[] => {
  const ids = text.split(/[\s,]+/).filter(Boolean);
  for (const id of ids) nameOf(context, id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw usage(context.say.newTaskTwice(twice), context.say.newTasksHint);
  if (ids.length === 0) throw usage(context.say.newNoTask, context.say.newTasksHint);
  return ids;
};

/** A copy has the title, the nodes and the tasks of its original. */
const refuseBeside = (context: Context, options: Options): void => {
  const beside = ['title', 'workers', 'tasks'].find((option) => options[option] !== undefined);
  if (beside !== undefined) throw usage(context.say.newFromBeside(beside), context.say.newFromHint);
};
