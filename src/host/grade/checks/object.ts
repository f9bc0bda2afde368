// The object check: a Kubernetes object exists, and its fields have the right values.
import * as z from 'zod';
import type { Pod } from '../../../api/core-pods.ts';
import { askAll } from '../facts.ts';
import { inRange, inWords, isMatch, type TextMatch } from '../match.ts';
import { describeReference, kubectlArguments, parseReference, queryPath } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import type { Verdict } from '../verdict.ts';
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
  historyExpected: (object: string, history: History, conditions: readonly string[]) =>
    `${object} was ${history}${conditions.length === 0 ? '' : `, with ${conditions.join(', ')}`}`,
  wasDeleted: (object: string, values: readonly string[]) =>
    `${object} was deleted${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  neverThere: (object: string) => `no ${object} was created`,
  notSet: () => '(not set)',
  like: (match: TextMatch) => `like ${inWords(match)}`,
};

const korean: typeof english = {
  objectExpected: (object, exists, conditions) => {
    if (!exists) return `${object} 없음`;
    return `${object} 있음${conditions.length === 0 ? '' : `, ${conditions.join(', ')}`}`;
  },
  objectThere: (object, values) => `${object} 있음${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  historyExpected: (object, history, conditions) =>
    [`${object} ${history === 'created' ? '생성' : '삭제'} 기록이 있음`, ...conditions].join(', '),
  wasDeleted: (object, values) => `${object} 삭제 기록이 있음${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  neverThere: (object) => `${object} 생성 기록이 없음`,
  notSet: () => '(값 없음)',
  like: (match) => `형식 ${inWords(match)}`,
};

type Say = Phrases & typeof english;

/** What the API server remembers about an object. */
const history = z
  .enum(['created', 'deleted'])
  .meta({ description: 'The object exists or existed (created), or existed and was deleted.' });
type History = z.output<typeof history>;

const objectReference = z
  .string()
  .regex(/^[a-z]+(\/[a-z0-9][-a-z0-9.]*)?\/[A-Za-z0-9][-A-Za-z0-9._/]*(=[-A-Za-z0-9._]+)?$/, {
    error: (issue) =>
      `"${issue.input}" is not an object: write kind/NAME, kind/NAMESPACE/NAME or kind/NAMESPACE/LABEL=VALUE`,
  })
  .meta({
    description: 'The object: kind/NAME, kind/NAMESPACE/NAME or kind/NAMESPACE/LABEL=VALUE.',
    examples: ['service/web', 'pod/shop/app=cart'],
  });

const condition = z.strictObject({
  path: z
    .string()
    .regex(/^[.[]/, { error: (issue) => `"${issue.input}" is not a path such as .spec.clusterIP` })
    .meta({
      description: 'JSONPath below the object.',
      examples: ['.spec.ports[0].nodePort'],
    }),
  equals: z
    .union([z.string(), z.number(), z.boolean()])
    .exactOptional()
    .meta({ description: 'The value at the path.', examples: ['Running', 30_080] }),
  matches: match
    .exactOptional()
    .meta({ description: 'What the value at the path contains.', examples: ['/^10\\.96\\./'] }),
  count: count.exactOptional().meta({ description: 'How many values the path finds.' }),
});

type Condition = z.output<typeof condition>;

export const objectCheck = checkKind({
  type: 'object',
  summary: 'A Kubernetes object exists, and its fields have these values.',
  fields: {
    object: objectReference,
    exists: z.boolean().default(true).meta({ description: 'false: no such object may exist.' }),
    history: history.exactOptional(),
    where: z
      .array(condition)
      .default([])
      .meta({
        description: 'What the object must be like. All of it must hold.',
        examples: [[{ path: '.status.phase', equals: 'Running' }]],
      }),
  },
  words: { en: english, ko: korean },
  mistakes({ history, exists, not }) {
    const message = 'the API server remembers what there was, not all that there never was: leave this out';
    if (history === undefined) return [];
    return [...(exists === false ? [{ field: 'exists', message }] : []), ...(not ? [{ field: 'not', message }] : [])];
  },
  expected({ object, exists, history, where }, say) {
    const name = describeReference(object, say);
    const conditions = where.map((condition) => conditionWords(condition, say));
    return history ? say.historyExpected(name, history, conditions) : say.objectExpected(name, exists, conditions);
  },
  judge(check, view, say) {
    if (check.history) return [judgeHistory(check.history, check, view, say)];
    const object = view.objects.find(check.object);
    const name = describeReference(check.object, say);
    const { kind, namespace } = parseReference(check.object);
    if (!check.exists)
      return [{ holds: object === undefined, observed: object ? say.objectThere(name, []) : say.noSuch(name) }];
    if (!object) return [{ holds: false, observed: say.noSuch(name), hint: `kubectl get ${kind} -n ${namespace}` }];
    if (/^pods?$/.test(kind) && check.where.some(({ path }) => path.startsWith('.status')))
      findOnNode(check.object, view);
    const { holds, shown } = compare(object, check.where, say);
    const hint = `kubectl get ${kubectlArguments(check.object)} -o yaml`;
    return [{ holds, observed: say.objectThere(name, shown), hint }];
  },
});

interface Wanted {
  readonly object: string;
  readonly where: readonly Condition[];
}

/** The API server of the lab keeps this, not a file that root could write. */
const judgeHistory = (history: History, { object, where }: Wanted, view: View, say: Say): Verdict => {
  const name = describeReference(object, say);
  const [present, deleted] = askAll(['find', 'findDeleted'] as const, (ask) => view.objects[ask](object));
  const found = history === 'created' ? (present ?? deleted) : deleted;
  if (!found) return { holds: false, observed: present ? say.objectThere(name, []) : say.neverThere(name) };
  const { holds, shown } = compare(found, where, say);
  return { holds, observed: found === present ? say.objectThere(name, shown) : say.wasDeleted(name, shown) };
};

const compare = (
  object: unknown,
  where: readonly Condition[],
  say: Say,
): { readonly holds: boolean; readonly shown: readonly string[] } => {
  const wrong = where.find((condition) => !isMet(condition, object));
  const shown = (wrong ? [wrong] : where).map(({ path }) => `${path} = ${valuesAt(object, path, say)}`);
  return { holds: wrong === undefined, shown };
};

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
