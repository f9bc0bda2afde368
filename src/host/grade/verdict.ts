// What one kind of check gives: a phrase for what it expects, and a verdict on what is there.
import type { CheckDefinition, Language, TaskDefinition } from '../../api/lab.ts';
import type { Progress } from '../tasks/progress.ts';
import type { Phrases } from './say/en.ts';
import type { View } from './view.ts';

/** What is graded beside the cluster. */
export type Student = Pick<Progress, 'answers' | 'verified' | 'begun'>;

/** What a check saw. `holds` is turned round by `not`; a hint helps when it doesn't hold. */
export interface Verdict {
  readonly holds: boolean;
  readonly observed: string;
  readonly hint?: string;
  /** Says more exactly what was expected than `describe` can. */
  readonly expected?: string;
}

/** One kind of check. */
export interface CheckKind<C extends CheckDefinition = CheckDefinition> {
  /** What it expects, as a phrase: "pod blue gets 200 from http://orange/". */
  describe(check: C, say: Phrases, language: Language): string;
  /** @throws MissingFacts, Unmet, BrokenFact */
  evaluate(check: C, view: View, context: CheckContext): Verdict;
}

export interface CheckContext {
  readonly task: TaskDefinition;
  readonly student: Student;
}
