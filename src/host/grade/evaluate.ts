// The pure core: a check and the facts → an outcome in words.
import type { CheckDefinition, Language } from '../../api/lab.ts';
import type { Outcome } from '../../api/report.ts';
import { answerCheck } from './checks/answer.ts';
import { fileCheck, logCheck } from './checks/files.ts';
import { iptablesCheck } from './checks/iptables.ts';
import { linkCheck, routeCheck } from './checks/network.ts';
import { objectCheck } from './checks/object.ts';
import { httpCheck, lookupCheck, tcpCheck } from './checks/probe.ts';
import { processCheck } from './checks/process.ts';
import { scriptCheck } from './checks/script.ts';
import { BrokenFact, MissingFacts, Unmet } from './facts.ts';
import type { CheckContext, CheckKind, Verdict } from './verdict.ts';
import type { View } from './view.ts';

const kinds: { readonly [T in CheckDefinition['type']]: CheckKind<Extract<CheckDefinition, { type: T }>> } = {
  http: httpCheck,
  tcp: tcpCheck,
  lookup: lookupCheck,
  iptables: iptablesCheck,
  link: linkCheck,
  route: routeCheck,
  object: objectCheck,
  process: processCheck,
  file: fileCheck,
  log: logCheck,
  answer: answerCheck,
  script: scriptCheck,
};

/**
 * How long it is worth looking again: `settled`, not at all, since what the check looks at isn't there; `passing`, a
 * moment, whatever the check says, since it may be a component that restarts. Else as long as the check's `within`.
 */
export type Judgement = Outcome & { readonly again?: 'settled' | 'passing' };

/** @throws MissingFacts, and nothing else */
export const evaluate = (check: CheckDefinition, view: View, context: CheckContext, language: Language): Judgement => {
  const { task, student } = context;
  if (task.setup !== undefined && !student.begun.includes(task.id))
    return { outcome: 'blocked', by: view.say.toBegin(task.id) };
  const expected = describe(check, view, language);
  try {
    const verdict = kindOf(check).evaluate(check, view, context);
    return toOutcome(check, verdict, expected);
  } catch (error) {
    if (error instanceof MissingFacts) throw error;
    if (error instanceof Unmet)
      return {
        outcome: 'fail',
        expected,
        observed: error.message,
        ...(error.hint ? { hint: error.hint } : {}),
        again: error.passing ? 'passing' : 'settled',
      };
    if (error instanceof BrokenFact) return { outcome: 'broken', cause: error.message, again: 'passing' };
    return { outcome: 'broken', cause: `the grader failed: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/** What a check expects, in words, with templates filled in as far as they can be. */
export const describe = (check: CheckDefinition, view: View, language: Language): string => {
  const phrase = fillQuietly(kindOf(check).describe(check, view.say, language), view);
  return check.not ? view.say.not(phrase) : phrase;
};

const kindOf = (check: CheckDefinition): CheckKind => kinds[check.type] as CheckKind;

const toOutcome = (check: CheckDefinition, verdict: Verdict, described: string): Outcome => {
  if (verdict.holds !== check.not) return { outcome: 'pass', observed: verdict.observed };
  const hint = verdict.hint === undefined || check.not ? {} : { hint: verdict.hint };
  return {
    outcome: 'fail',
    expected: check.not ? described : (verdict.expected ?? described),
    observed: verdict.observed,
    ...hint,
  };
};

const fillQuietly = (text: string, view: View): string => {
  try {
    return view.fill(text);
  } catch (error) {
    if (error instanceof MissingFacts) throw error;
    return text.replaceAll(
      /\$\{([^}:]+):([^}]+)\}/g,
      (_, reference: string, path: string) => `(${path.split('.').at(-1)} of ${reference})`,
    );
  }
};
