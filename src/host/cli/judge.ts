// Judges one answer at once, and keeps it when it was understood.
import { localize } from '../../api/lab.ts';
import type { CheckReport } from '../../api/report.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { Question } from '../grade/checks/answer.ts';
import { chosenIn } from '../submission/answers.ts';
import { rewriteTexts } from './command-form.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';

/** @param id `task/check` of the question */
export const judgeAnswer = async (
  context: Context,
  { lab, access, progress }: Session,
  id: string,
  answer: string,
): Promise<CheckReport> => {
  const { gradeLab } = await import('../grade/engine.ts');
  const before = await progress.read();
  const report = await gradeLab({
    lab,
    access,
    // Also after `labs goto`, a student wants to know whether an answer is right.
    progress: { ...before, skipped: {}, answers: { ...before.answers, [id]: answer } },
    only: id,
    once: true,
    language: context.environment.language,
    signal: context.signal,
  });
  const check = rewriteTexts(report, context.output.printed).tasks[0]?.checks[0];
  if (!check) throw new Error(`the question ${id} was not judged`);
  if (!check.unclear) await progress.tryAnswer(id, answer, check.outcome === 'pass');
  return check;
};

/** A choice by its number, its id or its text → its id. Any text answers a question without choices. */
export const choiceOf = ({ say, environment }: Context, { choices }: Question, text: string): string => {
  const chosen = chosenIn({ choices }, text);
  if (chosen !== undefined) return chosen;
  const list = choices.map(
    (choice, index) => `${index + 1} = ${localize(choice.text, environment.language).replace(/\.$/, '')}`,
  );
  throw new LabError('LAB_ANSWER_UNCLEAR', say.noChoice(text), {
    exitCode: ExitCode.usage,
    hint: say.choicesAre(list.join('; ')),
  });
};
