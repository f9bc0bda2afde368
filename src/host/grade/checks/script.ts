// The script check: a script of the lab looks at the cluster and decides.
import * as z from 'zod';
import { localize } from '../../../api/lab.ts';
import { duration } from './fields.ts';
import { checkKind } from './kind.ts';

export const scriptCheck = checkKind({
  type: 'script',
  summary: 'A script of the lab decides.',
  fields: {
    /** A file in the lab's folder that exports `check(lab)`. */
    file: z.string(),
    timeout: duration.prefault('10s'),
  },
  words: { en: {}, ko: {} },
  resolve: ({ file, timeout }, files) => ({ file: files.find('file', file), timeoutMs: timeout }),
  expected: ({ title }, say) => localize(title, say.language),
  judge({ file, timeoutMs }, view) {
    const verdict = view.facts.one<'check'>({ kind: 'check', file, timeoutMs });
    if (verdict.pass) return [{ holds: true, observed: verdict.observed }];
    const { pass, ...words } = verdict;
    return [{ holds: false, ...words }];
  },
});
