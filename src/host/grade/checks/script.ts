// The script check: a script of the lab looks at the cluster and decides.
import * as z from 'zod';
import { localize } from '../../../api/lab.ts';
import { BrokenFact } from '../facts.ts';
import { duration } from './fields.ts';
import { checkKind } from './kind.ts';

export const scriptCheck = checkKind({
  type: 'script',
  summary: 'A script of the lab decides.',
  fields: {
    file: z.string().meta({ description: 'A script that exports check(lab).', examples: ['checks/balance.ts'] }),
    timeout: duration.prefault('10s').meta({ description: 'How long the script may take.' }),
  },
  words: { en: {}, ko: {} },
  files: ['file'],
  resolve: ({ file, timeout }) => ({ file, timeoutMs: timeout }),
  expected: ({ title }, say) => localize(title, say.language),
  judge({ file, timeoutMs, points }, view, { language }) {
    const verdict = view.facts.one<'check'>({ kind: 'check', file, timeoutMs });
    const observed = localize(verdict.observed, language);
    if (verdict.pass) return [{ holds: true, observed }];
    const { expected, hint, points: earned = 0 } = verdict;
    if (earned > points) throw new BrokenFact(`the script gives ${earned} points, and the check has ${points}`);
    const advice = hint === undefined ? {} : { hint: localize(hint, language) };
    const part = earned > 0 ? { share: earned / points } : {};
    return [{ holds: false, expected: localize(expected, language), observed, ...advice, ...part }];
  },
});
