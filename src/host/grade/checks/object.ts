// The object check: a Kubernetes object exists, and its fields have the right values.
import * as z from 'zod';
import type { Pod } from '../../../api/core-pods.ts';
import { inRange, inWords, isMatch, type TextMatch } from '../match.ts';
import { describeReference, kubectlArguments, parseReference, queryPath } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import type { View } from '../view/view.ts';
import { count, match } from './fields.ts';
import { checkKind } from './kind.ts';

const english = {
  objectExpected: (object: string, exists: boolean, conditions: readonly string[]) => {
    if (!exists) return en.noSuch(object);
    return `${object} exists${conditions.length === 0 ? '' : `, with ${conditions.join(', ')}`}`;
  },
  objectThere: (object: string, values: readonly string[]) =>
    `${object} is there${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  notSet: () => '(not set)',
  like: (match: TextMatch) => `like ${inWords(match)}`,
};

const korean: typeof english = {
  objectExpected: (object, exists, conditions) => {
    if (!exists) return `${object} 없음`;
    return `${object} 있음${conditions.length === 0 ? '' : `, ${conditions.join(', ')}`}`;
  },
  objectThere: (object, values) => `${object} 있음${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  notSet: () => '(값 없음)',
  like: (match) => `형식 ${inWords(match)}`,
};

type Say = Phrases & typeof english;

const objectReference = z
  .string()
  .regex(/^[a-z]+(\/[a-z0-9][-a-z0-9.]*)?\/[A-Za-z0-9][-A-Za-z0-9._/]*(=[-A-Za-z0-9._]+)?$/, {
    error: (issue) =>
      `"${issue.input}" is not an object: write kind/NAME, kind/NAMESPACE/NAME or kind/NAMESPACE/LABEL=VALUE`,
  });

const condition = z.strictObject({
  /** JSONPath below the object, e.g. `.spec.ports[0].nodePort`. */
  path: z.string().regex(/^[.[]/, { error: (issue) => `"${issue.input}" is not a path such as .spec.clusterIP` }),
  equals: z.union([z.string(), z.number(), z.boolean()]).exactOptional(),
  matches: match.exactOptional(),
  /** How many values the path finds. */
  count: count.exactOptional(),
});

type Condition = z.output<typeof condition>;

export const objectCheck = checkKind({
  type: 'object',
  summary: 'A Kubernetes object exists, and its fields have these values.',
  fields: {
    object: objectReference,
    exists: z.boolean().default(true),
    where: z.array(condition).default([]),
  },
  words: { en: english, ko: korean },
  expected: ({ object, exists, where }, say) =>
    say.objectExpected(
      describeReference(object, say),
      exists,
      where.map((condition) => conditionWords(condition, say)),
    ),
  judge(check, view, say) {
    const object = view.objects.find(check.object);
    const name = describeReference(check.object, say);
    const { kind, namespace } = parseReference(check.object);
    if (!check.exists)
      return [{ holds: object === undefined, observed: object ? say.objectThere(name, []) : say.noSuch(name) }];
    if (!object) return [{ holds: false, observed: say.noSuch(name), hint: `kubectl get ${kind} -n ${namespace}` }];
    if (/^pods?$/.test(kind) && check.where.some(({ path }) => path.startsWith('.status')))
      findOnNode(check.object, view);
    const wrong = check.where.find((condition) => !isMet(condition, object));
    const shown = (wrong ? [wrong] : check.where).map(({ path }) => `${path} = ${valuesAt(object, path, say)}`);
    return [
      {
        holds: wrong === undefined,
        observed: say.objectThere(name, shown),
        hint: `kubectl get ${kubectlArguments(check.object)} -o yaml`,
      },
    ];
  },
});

/**
 * A status is only a text, and a stopped kubelet corrects none. A pod that runs has a namespace with its address.
 * @throws Unmet when the node has no such namespace
 */
const findOnNode = (reference: string, { facts, objects, places }: View): void => {
  const { status, spec } = objects.get<Pod>(reference);
  if (status?.phase === 'Running' && !spec.hostNetwork)
    facts.at(places.one(`pod/${reference.split('/').slice(1).join('/')}`), 'listeners');
};

const isMet = ({ path, equals, matches, count }: Condition, object: unknown): boolean => {
  const values = queryPath(object, path);
  if (count !== undefined && !inRange(values.length, count)) return false;
  if (equals !== undefined) {
    if (!values.some((value) => String(value) === String(equals))) return false;
  }
  if (matches !== undefined) {
    if (!values.some((value) => isMatch(matches, String(value)))) return false;
  }
  return count !== undefined || equals !== undefined || matches !== undefined || values.length > 0;
};

const valuesAt = (object: unknown, path: string, say: Say): string => {
  const values = queryPath(object, path);
  if (values.length === 0) return say.notSet();
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
};

const conditionWords = ({ path, equals, matches, count }: Condition, say: Say): string =>
  [
    path,
    equals === undefined ? '' : `= ${equals}`,
    matches === undefined ? '' : say.like(matches),
    count === undefined ? '' : `(${say.count(count)})`,
  ]
    .filter(Boolean)
    .join(' ');
