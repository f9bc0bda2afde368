// Label selectors in queries: `app=web,tier in (a,b),!legacy` (apimachinery's labels.Parse).
import type { LabelSelectorRequirement } from '../../../api/meta.ts';
import { type Labels, matchesRequirement } from '../../../api/selectors.ts';
import { badRequest } from '../status.ts';

export type LabelPredicate = (labels: Labels | undefined) => boolean;

/** @throws StatusError 400 on a selector that can't be parsed */
export const parseLabelSelector = (text: string): LabelPredicate => {
  const requirements = splitTopLevel(text).map((part) => parseRequirement(part, text));
  return (labels = {}) => requirements.every((requirement) => requirement(labels));
};

/** Splits at commas outside of parentheses. */
const splitTopLevel = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

const name = '[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?';
const setPattern = new RegExp(`^(${name})\\s+(in|notin)\\s*\\(([^)]*)\\)$`);
const equalityPattern = new RegExp(`^(${name})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const comparePattern = new RegExp(`^(${name})\\s*(>|<)\\s*(-?\\d+)$`);
const existsPattern = new RegExp(`^(!?)\\s*(${name})$`);

const parseRequirement = (part: string, whole: string): ((labels: Labels) => boolean) => {
  const set = setPattern.exec(part);
  if (set) {
    const values = (set[4] ?? '').split(',').map((value) => value.trim());
    return requirement(set[1] ?? '', set[3] === 'in' ? 'In' : 'NotIn', values);
  }
  const equality = equalityPattern.exec(part);
  if (equality) return requirement(equality[1] ?? '', equality[3] === '!=' ? 'NotIn' : 'In', [equality[4] ?? '']);
  const compare = comparePattern.exec(part);
  if (compare) {
    const [, key = '', , operator, limit] = compare;
    return (labels) => {
      const value = Number(labels[key] ?? Number.NaN);
      return operator === '>' ? value > Number(limit) : value < Number(limit);
    };
  }
  const exists = existsPattern.exec(part);
  if (exists) return requirement(exists[2] ?? '', exists[1] === '!' ? 'DoesNotExist' : 'Exists', []);
  throw badRequest(
    `unable to parse requirement: found '${part}', expected: a selector such as 'key=value' in "${whole}"`,
  );
};

const requirement = (key: string, operator: LabelSelectorRequirement['operator'], values: string[]) => {
  const parsed = { key, operator, values };
  return (labels: Labels): boolean => matchesRequirement(parsed, labels);
};
