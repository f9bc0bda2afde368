// The script check: a script of the lab looked at the cluster and says.
import { localize, type ScriptCheck } from '../../../api/lab.ts';
import type { CheckKind } from '../verdict.ts';

export const scriptCheck: CheckKind<ScriptCheck> = {
  describe: ({ title }, _, language) => localize(title, language),
  evaluate(check, view) {
    const verdict = view.one<'check'>({ kind: 'check', file: check.file, timeoutMs: check.timeoutMs });
    if (verdict.pass) return { holds: true, observed: verdict.observed };
    const { expected, observed, hint } = verdict;
    return { holds: false, expected, observed, ...(hint === undefined ? {} : { hint }) };
  },
};
