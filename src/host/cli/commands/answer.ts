// `labs answer [task] [text]`: answers a question of a task. Without a text, it asks the questions on the terminal.
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import type { Question } from '../../grade/checks/answer.ts';
import { findTask } from '../../lab/catalogue.ts';
import { ask, choose } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseTask, currentTask, gradeSession, numberOf, questionsOf, type Session, withSession } from '../session.ts';
import { wrap } from '../text.ts';

export const run: Run = (context, [name, ...words]) =>
  withSession(context, async (session) => {
    const task = name === undefined ? await defaultTask(context, session) : findTask(session.lab, name);
    const questions = questionsOf(task);
    if (questions.length === 0) {
      throw new LabError('LAB_NO_QUESTION', context.say.nothingToAnswer, {
        exitCode: ExitCode.usage,
        hint: context.say.askingTasks(askingTasks(session)),
      });
    }
    if (words.length > 0) await answerGiven(context, session, task, questions, words);
    else await askAll(context, session, task, questions);
    return report(context, session, task);
  });

/** The learner's current task if it has a question, else the task that the learner chooses. */
const defaultTask = async (context: Context, session: Session): Promise<TaskDefinition> => {
  const current = await currentTask(session);
  return current && questionsOf(current).length > 0 ? current : chooseTask(context, session.lab);
};

const askingTasks = ({ lab }: Session): string =>
  lab.tasks
    .filter((task) => questionsOf(task).length > 0)
    .map((task) => numberOf(lab, task))
    .join(', ');

/** `labs answer 5 10.96.0.0/12`, or `labs answer 5 range 10.96.0.0/12` for a task with several questions. */
const answerGiven = async (
  { say }: Context,
  { progress }: Session,
  task: TaskDefinition,
  questions: readonly Question[],
  words: readonly string[],
): Promise<void> => {
  const [first = '', ...rest] = words;
  const named = rest.length > 0 ? questions.find(({ id }) => id === first) : undefined;
  const question = named ?? questions[0];
  if (!question || (named === undefined && questions.length > 1)) {
    const ids = questions.map(({ id }) => id).join(', ');
    throw new LabError('LAB_QUESTION_NEEDED', say.severalQuestions(ids), {
      exitCode: ExitCode.usage,
      hint: say.severalQuestionsHint(task.id, questions[0]?.id ?? ''),
    });
  }
  await progress.answer(`${task.id}/${question.id}`, (named ? rest : words).join(' ').trim());
};

/** Asks one question after the other. An empty input keeps the earlier answer. */
const askAll = async (
  context: Context,
  { progress }: Session,
  task: TaskDefinition,
  questions: readonly Question[],
): Promise<void> => {
  const { language } = context.environment;
  const needsTerminal = () =>
    new LabError('LAB_ANSWER_NEEDED', context.say.answerNeeded, {
      exitCode: ExitCode.usage,
      hint: context.say.answerNeededHint(task.id),
    });
  const given = (await progress.read()).answers;
  for (const question of questions) {
    const id = `${task.id}/${question.id}`;
    const text = localize(question.question, language);
    if (!context.output.interactive) throw needsTerminal();
    for (const line of wrap(text, context.output.width)) context.output.line(line);
    const choices = question.choices.map(({ id, text: label }) => ({ value: id, label: localize(label, language) }));
    const value =
      choices.length > 0
        ? await choose(context, context.say.yourAnswer, choices, needsTerminal, given[id])
        : await ask(context, context.say.yourAnswer, given[id]);
    if (value.trim() !== '') await progress.answer(id, value.trim());
  }
};

/** Prints which answers of the task are right. @returns the exit code */
const report = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say } = context;
  const graded = await gradeSession(context, session, [task.id]);
  // Questions without an answer are left out.
  const given = (await session.progress.read()).answers;
  const ids = new Set(task.checks.map(({ id }) => id).filter((id) => Object.hasOwn(given, `${task.id}/${id}`)));
  const answers = graded.tasks.flatMap(({ checks }) => checks.filter(({ id }) => ids.has(id)));
  for (const { outcome, title, observed, hint } of answers) {
    if (outcome === 'pass') output.line(`${output.paint('green', '✔')} ${title}`);
    else if (outcome === 'blocked') output.line(output.paint('dim', `· ${title}: ${say.blockedBy(observed)}`));
    else {
      const [first = '', ...more] = wrap(`${title}: ${observed}`, output.width - 2);
      output.line([`${output.paint('red', '✘')} ${first}`, ...more.map((line) => `  ${line}`)].join('\n'));
      for (const line of hint ? wrap(hint, output.width - 2) : []) output.line(`  ${output.paint('dim', line)}`);
    }
  }
  return answers.every(({ outcome }) => outcome === 'pass') ? ExitCode.ok : ExitCode.checkFailed;
};
