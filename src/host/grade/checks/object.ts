// The object check: a Kubernetes object is there, and its fields are so.
import type { ObjectCheck, ObjectCondition } from '../../../api/lab.ts';
import { inRange, isMatch } from '../match.ts';
import { parseReference, queryPath, words } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { CheckKind } from '../verdict.ts';
import type { View } from '../view.ts';

export const objectCheck: CheckKind<ObjectCheck> = {
  describe: ({ object, exists, where }, say) =>
    say.objectExpected(
      words(object),
      exists,
      where.map((condition) => conditionWords(condition, say)),
    ),
  evaluate(check, view) {
    const { say } = view;
    const object = view.object(check.object);
    const name = words(check.object);
    const { kind, namespace } = parseReference(check.object);
    if (!check.exists)
      return { holds: object === undefined, observed: object ? say.objectThere(name, []) : say.noSuch(name) };
    if (!object) return { holds: false, observed: say.noSuch(name), hint: `kubectl get ${kind} -n ${namespace}` };
    const wrong = check.where.find((condition) => !isMet(condition, object, view));
    const shown = (wrong ? [wrong] : check.where).map(({ path }) => `${path} = ${valuesAt(object, path, say)}`);
    return {
      holds: wrong === undefined,
      observed: say.objectThere(name, shown),
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

const valuesAt = (object: unknown, path: string, say: Phrases): string => {
  const values = queryPath(object, path);
  if (values.length === 0) return say.notSet();
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
};

const conditionWords = ({ path, equals, matches, count }: ObjectCondition, say: Phrases): string =>
  [
    path,
    equals === undefined ? '' : `= ${equals}`,
    matches === undefined ? '' : say.like(matches),
    count === undefined ? '' : `(${say.count(count)})`,
  ]
    .filter(Boolean)
    .join(' ');
