// `labs answer [task] [question] [text]`: answers a question of a task, and says at once whether the answer is right.
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import type { CheckReport, Report } from '../../../api/report.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import type { Question } from '../../grade/checks/answer.ts';
import { findTask } from '../../lab/catalogue.ts';
import { printPassed } from '../after-task.ts';
import { askLines, choose } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { choiceOf, judgeAnswer } from '../judge.ts';
import {
  chooseTask,
  currentTask,
  type Graded,
  gradeAndRecord,
  numberOf,
  questionsOf,
  type Session,
  withSession,
} from '../session.ts';
import { wrap } from '../text.ts';

export const run: Run = (context, [name, ...words]) =>
  withSession(context, async (session) => {
    const task = name === undefined ? await defaultTask(context, session) : findTask(session.lab, name);
    return answerTask(context, session, task, words);
  });

/** @param words the number of the question, if there are several, and the answer; without words, labs asks */
export const answerTask = async (
  context: Context,
  session: Session,
  task: TaskDefinition,
  words: readonly string[],
): Promise<ExitCode> => {
  if (questionsOf(task).length === 0) {
    const numbers = askingTasks(session).map((asking) => numberOf(session.lab, asking));
    throw new LabError('LAB_NO_QUESTION', context.say.nothingToAnswer, {
      exitCode: ExitCode.usage,
      hint: context.say.askingTasks(numbers.join(', ')),
    });
  }
  return words.length > 0 ? answerGiven(context, session, task, words) : askOpen(context, session, task);
};

const askingTasks = ({ lab }: Session): readonly TaskDefinition[] =>
  lab.tasks.filter((task) => questionsOf(task).length > 0);

/** The student's current task if it has a question, else the one of the asking tasks that the student chooses. */
const defaultTask = async (context: Context, session: Session): Promise<TaskDefinition> => {
  const current = await currentTask(session);
  if (current && questionsOf(current).length > 0) return current;
  return chooseTask(context, session.lab, undefined, askingTasks(session));
};

/** `labs answer 5 10.96.0.0/12`, or `labs answer 5 2 10.96.0.0/12` for a task with several questions. */
const answerGiven = async (
  context: Context,
  session: Session,
  task: TaskDefinition,
  words: readonly string[],
): Promise<ExitCode> => {
  const { say, output } = context;
  const questions = questionsOf(task);
  const [first = '', ...rest] = words;
  const named =
    rest.length > 0 ? questions.find(({ id }, index) => id === first || String(index + 1) === first) : undefined;
  const question = named ?? questions[0];
  if (!question || (named === undefined && questions.length > 1)) {
    throw new LabError('LAB_QUESTION_NEEDED', say.whichQuestion(questions.length), {
      exitCode: ExitCode.usage,
      hint: say.whichQuestionHint(numberOf(session.lab, task)),
    });
  }
  const given = (named ? rest : words).join(' ').trim();
  if (given === '')
    throw new LabError('LAB_ANSWER_NEEDED', say.emptyAnswer, {
      exitCode: ExitCode.usage,
      hint: say.answerWith(numberOf(session.lab, task)),
    });
  const text = choiceOf(context, question, given);
  const verdict = await judgeAnswer(context, session, `${task.id}/${question.id}`, text);
  if (context.json) output.line(JSON.stringify({ task: task.id, question: question.id, ...verdict }, null, 2));
  else for (const line of verdictLines(context, verdict)) output.line(line);
  const graded = await gradeAndRecord(context, session, { tasks: [task.id], once: true });
  if (!context.json) await afterAnswers(context, session, task, graded);
  if (verdict.unclear) return ExitCode.usage;
  return verdict.outcome === 'pass' ? ExitCode.ok : ExitCode.checkFailed;
};

/** Asks each question that has no right answer yet, and judges each answer before the next question. */
const askOpen = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say } = context;
  const number = numberOf(session.lab, task);
  if (!output.interactive || context.yes || context.json)
    throw new LabError('LAB_ANSWER_NEEDED', say.answerNeeded, {
      exitCode: ExitCode.usage,
      hint: say.whichQuestionHint(number),
    });
  const questions = questionsOf(task);
  output.line(output.paint('bold', `${number}. ${localize(task.title, context.environment.language)}`));
  const { passed, skipped } = await session.progress.read();
  if (skipped[task.id] && !passed.includes(task.id)) output.line(output.paint('dim', say.ownWork(number)));
  output.line();
  const before = await gradeAndRecord(context, session, { tasks: [task.id], once: true });
  const right = new Set(rightIn(before.report, task));
  for (const [index, question] of questions.entries()) {
    if (right.has(question.id)) continue;
    output.line(output.paint('dim', say.questionOf(index + 1, questions.length)));
    if (await askUntilUnderstood(context, session, task, question)) right.add(question.id);
    output.line();
  }
  // An answer that waited for the cluster may be right by now, and the words must agree with the result.
  const { report, passedNow } = await gradeAndRecord(context, session, { tasks: [task.id], once: true });
  for (const id of rightIn(report, task)) right.add(id);
  const all = right.size === questions.length;
  output.line(all ? say.allRight : say.answersRight(right.size, questions.length));
  if (!all) output.line(output.paint('dim', say.askAgain(number)));
  await afterAnswers(context, session, task, { report, passedNow });
  return all ? ExitCode.ok : ExitCode.checkFailed;
};

/** What comes after a task that passed, or a remark that the answers give no points. */
const afterAnswers = async (
  context: Context,
  session: Session,
  task: TaskDefinition,
  { report, passedNow }: Pick<Graded, 'report' | 'passedNow'>,
): Promise<void> => {
  const { passed, skipped } = await session.progress.read();
  if (skipped[task.id] && !passed.includes(task.id))
    context.output.line(context.output.paint('dim', context.say.ownWork(numberOf(session.lab, task))));
  const open = report.tasks.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome !== 'pass').length;
  const answered = questionsOf(task).length === rightIn(report, task).size;
  if (answered && open > 0 && !passed.includes(task.id))
    context.output.line(context.output.paint('dim', context.say.checksOpen(open, numberOf(session.lab, task))));
  await printPassed(context, session, passedNow);
};

const rightIn = (report: Report, task: TaskDefinition): ReadonlySet<string> => {
  const asked = new Set(questionsOf(task).map(({ id }) => id));
  const checks = report.tasks.flatMap(({ checks }) => checks);
  return new Set(checks.filter(({ id, outcome }) => asked.has(id) && outcome === 'pass').map(({ id }) => id));
};

/** Asks again while the answer has no form that labs understands. An empty answer leaves the question open. */
const askUntilUnderstood = async (
  context: Context,
  session: Session,
  task: TaskDefinition,
  question: Question,
): Promise<boolean> => {
  const { output } = context;
  for (;;) {
    const text = (await askOne(context, question)).trim();
    if (text === '') return false;
    const verdict = await judgeAnswer(context, session, `${task.id}/${question.id}`, text);
    for (const line of verdictLines(context, verdict)) output.line(line);
    if (!verdict.unclear) return verdict.outcome === 'pass';
  }
};

const askOne = async (context: Context, question: Question): Promise<string> => {
  const { output, say, environment } = context;
  const { language } = environment;
  for (const line of wrap(localize(question.question, language), output.width)) output.line(line);
  if (question.choices.length === 0) return askLines(context, say.yourAnswer);
  const choices = question.choices.map(({ id, text }) => ({ value: id, label: localize(text, language) }));
  return choose(context, say.yourAnswer, choices, () => new LabError('LAB_ANSWER_NEEDED', say.answerNeeded));
};

const verdictLines = (
  { output, say }: Context,
  { outcome, observed, hint, unclear }: CheckReport,
): readonly string[] => {
  const block = (mark: string, text: string): readonly string[] =>
    wrap(text, output.width - 2).map((line, row) => (row === 0 ? `${mark} ${line}` : `  ${line}`));
  const advice = hint ? wrap(hint, output.width - 2).map((line) => `  ${output.paint('dim', line)}`) : [];
  if (outcome === 'pass') return block(output.paint('green', '✔'), say.right);
  if (outcome === 'blocked') return block(output.paint('dim', '·'), say.savedUntil(observed));
  const mark = unclear ? output.paint('yellow', '?') : outcome === 'broken' ? '!' : output.paint('red', '✘');
  return [...block(mark, observed), ...advice];
};
