// `labs tasks [task]`: lists the tasks, or prints one. Reading a task begins it: the task's setup prepares the cluster.
import { readFile } from 'node:fs/promises';
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { waitsToBegin } from '../../grade/student.ts';
import { findTask } from '../../lab/catalogue.ts';
import { beginTask } from '../../tasks/run.ts';
import type { Context, Run } from '../context.ts';
import { renderMarkdown } from '../markdown.ts';
import { numberOf, questionsOf, type Session, taskRun, withSession } from '../session.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => {
    if (name === undefined) await list(context, session);
    else await read(context, session, findTask(session.lab, name));
    return ExitCode.ok;
  });

const list = async (context: Context, { lab, progress }: Session): Promise<void> => {
  const { output, say, environment, json } = context;
  const { passed, begun } = await progress.read();
  const tasks = lab.tasks.map((task) => ({
    number: numberOf(lab, task),
    id: task.id,
    title: localize(task.title, environment.language),
    points: task.checks.reduce((sum, check) => sum + check.points, 0),
    passed: passed.includes(task.id),
    begun: begun.includes(task.id) || task.setup === undefined,
  }));
  if (json) {
    output.line(JSON.stringify({ lab: lab.name, tasks }, null, 2));
    return;
  }
  output.line(output.paint('bold', localize(lab.title, environment.language)));
  output.line();
  for (const task of tasks) {
    const mark = task.passed ? output.paint('green', '✔') : ' ';
    output.line(` ${mark} ${String(task.number).padStart(2)}  ${task.title}`);
  }
  output.line();
  output.line(output.paint('dim', say.readTask));
};

const read = async (context: Context, session: Session, task: TaskDefinition): Promise<void> => {
  const { output, say, environment, json } = context;
  const { language } = environment;
  const source = await readFile(localize(task.text, language), 'utf8');
  const before = await session.progress.read();
  if (waitsToBegin(task, before)) output.note(output.paint('dim', say.beginning));
  await beginTask(taskRun(context, session, task));
  if (json) {
    output.line(JSON.stringify({ id: task.id, title: localize(task.title, language), text: source }, null, 2));
    return;
  }
  const number = numberOf(session.lab, task);
  output.line(output.paint(['bold', 'cyan'], `${number}. ${localize(task.title, language)}`));
  output.write(`\n${renderMarkdown(source, output)}`);
  output.line();
  if (questionsOf(task).length > 0) output.line(output.paint('dim', say.answerWith(number)));
  output.line(output.paint('dim', say.checkWith(number)));
};
