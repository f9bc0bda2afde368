// The object check: a Kubernetes object is there, and its fields are so.
import type { ObjectCheck, ObjectCondition } from '../../../api/lab.ts';
import { countWords, inRange, inWords, isMatch } from '../match.ts';
import { parseReference, queryPath, words } from '../reference.ts';
import type { CheckKind } from '../verdict.ts';
import type { View } from '../view.ts';

export const objectCheck: CheckKind<ObjectCheck> = {
  describe: ({ object, exists, where }) => {
    if (!exists) return `there is no ${words(object)}`;
    const conditions = where.map(conditionWords).join(', ');
    return `${words(object)} exists${conditions === '' ? '' : `, with ${conditions}`}`;
  },
  evaluate(check, view) {
    const object = view.object(check.object);
    const name = words(check.object);
    const { kind, namespace } = parseReference(check.object);
    if (!check.exists)
      return { holds: object === undefined, observed: object ? `${name} is there` : `there is no ${name}` };
    if (!object)
      return {
        holds: false,
        observed: `there is no ${name}`,
        hint: `kubectl get ${kind} -n ${namespace} shows what there is.`,
      };
    const wrong = check.where.find((condition) => !isMet(condition, object, view));
    const shown = (wrong ? [wrong] : check.where).map(({ path }) => `${path} = ${valuesAt(object, path)}`);
    return {
      holds: wrong === undefined,
      observed: `${name} is there${shown.length === 0 ? '' : `: ${shown.join(', ')}`}`,
      hint: `kubectl get ${name.replace(/ .*\//, ' ')} -n ${namespace} -o yaml`,
    };
  },
};

const isMet = ({ path, equals, matches, count }: ObjectCondition, object: unknown, view: View): boolean => {
  const values = queryPath(object, path);
  if (count !== undefined && !inRange(values.length, count)) return false;
  if (equals !== undefined) {
    const wanted = typeof equals === 'string' ? view.fill(equals) : String(equals);
    if (!values.some((value) => String(value) === wanted)) return false;
  }
  if (matches !== undefined) {
    const wanted = view.fill(matches);
    if (!values.some((value) => isMatch(wanted, String(value)))) return false;
  }
  return count !== undefined || equals !== undefined || matches !== undefined || values.length > 0;
};

const valuesAt = (object: unknown, path: string): string => {
  const values = queryPath(object, path);
  return values.length === 0
    ? '(not set)'
    : values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
};

const conditionWords = ({ path, equals, matches, count }: ObjectCondition): string =>
  [
    path,
    equals === undefined ? '' : `= ${equals}`,
    matches === undefined ? '' : `like ${inWords(matches)}`,
    count === undefined ? '' : `(${countWords(count)})`,
  ]
    .filter(Boolean)
    .join(' ');
