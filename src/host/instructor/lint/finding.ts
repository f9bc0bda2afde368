// What `labs lint` finds: a rule, a place in a file of the lab, and a sentence in each language.
import type { Localized } from '../../../api/lab.ts';
import type { Spot } from '../../script/source.ts';
import type { RuleId } from './rule-table.ts';

export type { Spot };

export interface Finding extends Spot {
  readonly rule: RuleId;
  readonly text: Localized;
}

/** @param ko Korean */
export const finding = (rule: RuleId, { file, line, column }: Spot, en: string, ko: string): Finding => ({
  ...{ file, line, column, rule },
  text: { en, ko },
});

export const bySpot = (a: Spot, b: Spot): number => order(a.file, b.file) || a.line - b.line || a.column - b.column;

/** lab.yaml comes first. */
const order = (a: string, b: string): number => {
  if (a === b) return 0;
  if (a === 'lab.yaml' || b === 'lab.yaml') return a === 'lab.yaml' ? -1 : 1;
  return a < b ? -1 : 1;
};
