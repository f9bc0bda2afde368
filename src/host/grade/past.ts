// What a report says about the student's past: events, and questions to which many answers were tried in a short time.
import { type Language, localize, type TaskDefinition } from '../../api/lab.ts';
import type { Guessing, Report, StudentEvent, TaskReport } from '../../api/report.ts';
import { isQuestion, type Question } from './checks/answer.ts';
import type { Student } from './student.ts';

/** The events of the reported tasks and of the whole lab, without the text of answers: some of them are right. */
export const pastOf = (tasks: readonly TaskReport[], { history = [] }: Student): Pick<Report, 'history'> => {
  const reported = history.filter(({ task }) => task === undefined || tasks.some(({ id }) => id === task));
  if (reported.length === 0) return {};
  return {
    history: reported.map(({ at, what, task, check, right, seconds }) => ({ at, what, task, check, right, seconds })),
  };
};

const withinMs = 60_000;

/** A question with few choices needs few tries. */
const suspicious = ({ choices }: Question): number => (choices.length === 0 ? 6 : Math.max(3, choices.length - 1));

export const guessed = (
  task: TaskDefinition,
  { history = [] }: Student,
  language: Language = 'en',
): Pick<TaskReport, 'guessed'> => {
  const guesses = guessesIn(task, history, language);
  return guesses.length === 0 ? {} : { guessed: guesses };
};

const guessesIn = (task: TaskDefinition, history: readonly StudentEvent[], language: Language): readonly Guessing[] =>
  task.checks.filter(isQuestion).flatMap((question) => {
    const wrong = history.filter((event) => event.task === task.id && event.check === question.id && !event.right);
    const { at, count } = mostWithin(wrong.map((event) => event.at));
    if (count < suspicious(question)) return [];
    return [{ check: question.id, title: localize(question.title, language), wrong: count, at }];
  });

/** The minute with the most of these times. */
const mostWithin = (times: readonly string[]): { readonly at: string; readonly count: number } => {
  const moments = times.map((time) => Date.parse(time)).sort((a, b) => a - b);
  let best = { from: 0, count: 0 };
  let first = 0;
  for (const [index, moment] of moments.entries()) {
    while (moment - (moments[first] ?? moment) > withinMs) first += 1;
    if (index - first + 1 > best.count) best = { from: first, count: index - first + 1 };
  }
  return { at: new Date(moments[best.from] ?? 0).toISOString(), count: best.count };
};
