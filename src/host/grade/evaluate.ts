// The pure core of grading: a check and the facts → an evaluation in words.
import type { CheckDefinition, TaskDefinition } from '../../api/lab.ts';
import type { Outcome } from '../../api/report.ts';
import { messageOf } from '../../kit/error.ts';
import type { AnyCheckKind } from './checks/kind.ts';
import { BrokenFact, MissingFacts, NotNow, Unmet } from './facts.ts';
import { kindOf } from './kinds.ts';
import type { Phrases } from './say/en.ts';
import { type Student, waitsToBegin } from './student.ts';
import { fillTemplates } from './templates.ts';
import { decisive, type Evaluation, type Verdict } from './verdict.ts';
import { describeNode, describeTemplates, type Objects } from './view/objects.ts';
import type { View } from './view/view.ts';

export interface EvaluateOptions {
  readonly check: CheckDefinition;
  readonly task: TaskDefinition;
  /** The task's number in the lab, from 1. */
  readonly number: number;
  readonly student: Student;
  readonly view: View;
  readonly say: Phrases;
}

/** Evaluates one check. @throws MissingFacts, and nothing else */
export const evaluate = ({ check, task, number, student, view, say: shared }: EvaluateOptions): Evaluation => {
  const kind = kindOf(check);
  const say: Phrases = { ...shared, ...kind.words[shared.language] };
  const expected = expectedOf(check, kind, view.objects, say);
  if (waitsToBegin(task, student))
    return { outcome: { outcome: 'blocked', by: say.toBegin(number) }, expected, retry: 'within' };
  try {
    const judge = (filled: CheckDefinition): readonly Verdict[] =>
      kind.judge(filled, view, say, { taskId: task.id, number, student });
    const verdicts = kind.fillsItself ? judge(check) : fillTemplates(check, view, judge);
    const outcome = withShare(outcomeOf(check, decisive(verdicts, check.not), expected), check, verdicts);
    return { outcome, expected, retry: 'within' };
  } catch (error) {
    if (error instanceof MissingFacts) throw error;
    if (error instanceof NotNow)
      return { outcome: { outcome: 'blocked', by: say.triedLast() }, expected, retry: 'never' };
    if (error instanceof Unmet) {
      const { message: observed, hint, temporary } = error;
      const outcome: Outcome = { outcome: 'fail', expected, observed, ...(hint === undefined ? {} : { hint }) };
      return { outcome, expected, retry: temporary ? 'restart' : 'never' };
    }
    if (error instanceof BrokenFact)
      return { outcome: { outcome: 'broken', cause: say.fromEnglish(error.message) }, expected, retry: 'restart' };
    const cause = say.fromEnglish(`the grader failed: ${messageOf(error)}`);
    return { outcome: { outcome: 'broken', cause }, expected, retry: 'never' };
  }
};

/** What the check expects, in words, with templates filled in as far as the cluster allows. */
const expectedOf = (check: CheckDefinition, kind: AnyCheckKind, objects: Objects, say: Phrases): string => {
  const phrase = check.not
    ? (kind.expectedNot?.(check, say) ?? say.not(kind.expected(check, say)))
    : kind.expected(check, say);
  const filled = fillOrDescribe(phrase, objects, say);
  return check.stableForMs === 0 ? filled : say.stays(filled, check.stableForMs / 1000);
};

const fillOrDescribe = (text: string, objects: Objects, say: Phrases): string => {
  try {
    return describeNode(objects.fill(text), say);
  } catch (error) {
    if (error instanceof MissingFacts) throw error;
    return describeTemplates(text, say);
  }
};

/** The part that is right: of all places, or what a kind of check says itself. */
const withShare = (outcome: Outcome, { not, partial }: CheckDefinition, verdicts: readonly Verdict[]): Outcome => {
  if (outcome.outcome !== 'fail' || (!partial && verdicts.every(({ share }) => share === undefined))) return outcome;
  const parts = verdicts.map(({ holds, share }) => (not ? Number(!holds) : (share ?? Number(holds))));
  const share = parts.reduce((total, part) => total + part, 0) / parts.length;
  return share > 0 ? { ...outcome, share } : outcome;
};

/** Applies `not`. A kind's hint helps to make the check hold, so it is left out with `not`. */
const outcomeOf = ({ not }: CheckDefinition, verdict: Verdict, expected: string): Outcome => {
  const { holds, observed, symptom, hint, unclear } = verdict;
  if (holds !== not) return { outcome: 'pass', observed };
  if (not) return { outcome: 'fail', expected, observed };
  return {
    outcome: 'fail',
    expected: verdict.expected ?? expected,
    observed,
    ...(symptom === undefined ? {} : { symptom }),
    ...(hint === undefined ? {} : { hint }),
    ...(unclear ? { unclear } : {}),
  };
};
