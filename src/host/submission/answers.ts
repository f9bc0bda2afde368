// Reads `answers.yaml` of a submission: answers by task and question. Pure.
import { type LabDefinition, localize } from '../../api/lab.ts';
import { isQuestion, type Question } from '../grade/checks/answer.ts';
import { type SubmissionWords, yamlProblem } from './words.ts';
import { parseYaml } from './yaml.ts';

export interface GivenAnswer {
  /** `task/check` */
  readonly id: string;
  /** The text, or the command whose output is the answer: names of interfaces differ in each cluster. */
  readonly value: string | { readonly on: string; readonly run: string };
}

export interface Answers {
  readonly answers: readonly GivenAnswer[];
  readonly problems: readonly string[];
}

/** `{ pod-network: { veth: vethab12 }, db-service/who-owns: none }`. A task may be named by its number. */
export const parseAnswers = (text: string, lab: LabDefinition, say: SubmissionWords): Answers => {
  let written: unknown;
  try {
    written = parseYaml(text) ?? {};
  } catch (error) {
    return { answers: [], problems: [yamlProblem(error, say)] };
  }
  if (!isMap(written)) return { answers: [], problems: [say.notYaml('TASK: { QUESTION: ANSWER }')] };
  const answers: GivenAnswer[] = [];
  const problems: string[] = [];
  for (const [name, value] of pairsIn(written)) {
    const question = findQuestion(name, lab);
    if (!question) problems.push(say.unknownQuestion(name));
    else if (isCommand(value)) answers.push({ id: question.id, value });
    else if (!['string', 'number', 'boolean'].includes(typeof value)) problems.push(say.noAnswer(name));
    else {
      const chosen = chosenIn(question.check, String(value));
      if (chosen === undefined) problems.push(say.unknownChoice(String(value), choicesOf(question.check)));
      else answers.push({ id: question.id, value: chosen });
    }
  }
  const more = problems.length - mostProblems;
  return { answers, problems: more > 0 ? [...problems.slice(0, mostProblems), say.moreProblems(more)] : problems };
};

/** Each problem is a step of the report. */
const mostProblems = 20;

type Map = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Map => typeof value === 'object' && value !== null && !Array.isArray(value);

const isCommand = (value: unknown): value is { readonly on: string; readonly run: string } =>
  isMap(value) && typeof value.on === 'string' && typeof value.run === 'string';

const pairsIn = (written: Map): readonly (readonly [string, unknown])[] =>
  Object.entries(written).flatMap(([name, value]) =>
    isMap(value) && !isCommand(value)
      ? Object.entries(value).map(([question, answer]) => [`${name}/${question}`, answer] as const)
      : [[name, value] as const],
  );

const findQuestion = (
  name: string,
  { tasks }: LabDefinition,
): { readonly id: string; readonly check: Question } | undefined => {
  const [wanted = '', check = ''] = name.split('/');
  const task = tasks.find(({ id }, index) => id === wanted || String(index + 1) === wanted);
  const questions = task?.checks.filter(isQuestion) ?? [];
  const found = questions.find(({ id }, index) => id === check || String(index + 1) === check);
  return task && found && { id: `${task.id}/${found.id}`, check: found };
};

/** A choice by its number, its id or its text. */
export const chosenIn = ({ choices }: Pick<Question, 'choices'>, text: string): string | undefined => {
  if (choices.length === 0) return text;
  const plain = (each: string): string =>
    each
      .trim()
      .replace(/[.。]+$/, '')
      .toLowerCase();
  return choices.find(({ id, text: texts }, index) =>
    [String(index + 1), id, texts.en, localize(texts, 'ko')].some((each) => plain(each) === plain(text)),
  )?.id;
};

const choicesOf = ({ choices }: Question): string => choices.map(({ id }) => id).join(', ');
