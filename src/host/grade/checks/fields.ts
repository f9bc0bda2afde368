// The schemas that fields of lab.yaml are made of: names, texts, durations, places, counts.
import * as z from 'zod';
import { clusterLimits } from '../../../api/cluster.ts';
import { parseGoDuration } from '../../../kit/duration.ts';
import { messageOf } from '../../../kit/error.ts';
import { patternOf } from '../match.ts';

const { nameLength } = clusterLimits;

/** The name of a lab, of a running cluster (`--name`), of a task or of a check. */
export const identifier = z
  .string()
  .regex(new RegExp(`^[a-z0-9]([-a-z0-9]{0,${nameLength - 2}}[a-z0-9])?$`), {
    error: (issue) =>
      `"${issue.input}" is not a name: at most ${nameLength} lower-case letters, digits and hyphens, no hyphen at the ends`,
  })
  .meta({
    description: `At most ${nameLength} lower-case letters, digits and hyphens.`,
    title: 'name',
    examples: ['web'],
  });

/** `title: First look`, or `title: {en: First look, ko: 첫걸음}`. */
export const localized = z
  .union([z.string().min(1), z.strictObject({ en: z.string().min(1), ko: z.string().min(1).exactOptional() })])
  .transform((text) => (typeof text === 'string' ? { en: text } : text))
  .meta({
    description: 'A text, or the same text in several languages: {en: …, ko: …}.',
    title: 'text or {en, ko}',
    examples: ['First look', { en: 'First look', ko: '첫걸음' }],
  });

/** Also for a number: it is a value whose unit is missing. */
const notDuration = ({ input }: { readonly input?: unknown }): string | undefined => {
  if (typeof input !== 'string' && typeof input !== 'number') return undefined;
  const advice = /^\d+(\.\d+)?$/.test(String(input)) ? `; did you mean "${input}s"?` : '';
  return `"${input}" is not a duration such as 5s or 500ms${advice}`;
};

/** `5s`, `500ms`, `1m` → milliseconds. */
export const duration = z
  .string({ error: notDuration })
  .regex(/^\d+(\.\d+)?(ms|s|m)$/, { error: notDuration })
  .transform((text) => parseGoDuration(text) ?? 0)
  .meta({ title: 'duration', examples: ['5s', '500ms', '1m'] });

const placePattern =
  /^(pod\/([a-z0-9][-a-z0-9.]*\/)?[A-Za-z0-9][-A-Za-z0-9._]*(=[-A-Za-z0-9._]+)?|(node\/(\*|[a-z][-a-z0-9]*)|(machine|client)\/[a-z][-a-z0-9]*)(\/netns\/[A-Za-z0-9_][-A-Za-z0-9._]*)?|client)$/;

const placeWords =
  'pod/NAME, pod/NAMESPACE/NAME, pod/NAMESPACE/LABEL=VALUE, node/NAME, node/*, machine/NAME, client or client/NAME, ' +
  'the last five also with /netns/NAME';

export const place = z
  .string()
  .regex(placePattern, { error: (issue) => `"${issue.input}" is not a place: write ${placeWords}` })
  .meta({ description: `Where: ${placeWords}.`, title: 'place', examples: ['pod/blue', 'node/*', 'client'] });

export const nodePlace = z
  .string()
  .regex(/^node\/(\*|[a-z][-a-z0-9]*)$/, {
    error: (issue) => `"${issue.input}" is not a node: write node/NAME, or node/* for every node`,
  })
  .meta({ description: 'node/NAME, or node/* for every node.', title: 'place', examples: ['node/node01', 'node/*'] });

export const machinePlace = z
  .string()
  .regex(/^(node\/(\*|[a-z][-a-z0-9]*)|machine\/[a-z][-a-z0-9]*|client(\/[a-z][-a-z0-9]*)?)$/, {
    error: (issue) =>
      `"${issue.input}" is not a machine: write node/NAME, node/* for every node, machine/NAME, client or client/NAME`,
  })
  .meta({
    description: 'node/NAME, node/* for every node, machine/NAME, client or client/NAME.',
    title: 'place',
    examples: ['node/node01', 'client'],
  });

/** A text to look for, or `/a regular expression/`. See `../match.ts`. */
export const match = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      patternOf(text);
    } catch (error) {
      const message = `${text} is not a regular expression: ${messageOf(error)}`;
      context.addIssue({ code: 'custom', message, input: text });
    }
  })
  .meta({
    description: 'A text to find, or /a regular expression/.',
    title: 'text or /pattern/',
    examples: ['pod: web', '/^10\\.244\\./'],
  });

/** Nothing lies between a `min` and a smaller `max`. */
export const isRange = (value: unknown): boolean => {
  const { min, max } = (value ?? {}) as { readonly min?: number; readonly max?: number };
  return min === undefined || max === undefined || min <= max;
};

export const rangeError = {
  error: ({ input }: { readonly input?: unknown }) => {
    const { min, max } = input as { readonly min: number; readonly max: number };
    return `min is ${min}, which is more than max, ${max}: write {min: ${max}, max: ${min}}`;
  },
};

/** `2`, or `{min: 1, max: 3}`. */
export const count = z
  .union([
    z.int().min(0),
    z.strictObject({
      min: z
        .int()
        .min(0)
        .default(0)
        .meta({ description: 'At least so many.', examples: [1] }),
      max: z
        .int()
        .min(0)
        .exactOptional()
        .meta({ description: 'At most so many.', examples: [3] }),
    }),
  ])
  .transform((value) => (typeof value === 'number' ? { min: value, max: value } : value))
  .refine(isRange, rangeError)
  .meta({
    description: 'How many: exactly this many, or {min, max}.',
    title: 'number or {min, max}',
    examples: [2, { min: 1, max: 3 }],
  });

/** The default of a count: at least one. */
export const atLeastOne = { min: 1 } as const;

export const hostPort = z
  .string()
  .regex(/^.+:(\d{1,5}|\$\{.+\})$/s, { error: (issue) => `"${issue.input}" is not host:port` })
  .meta({
    description: 'A host or an address, and a port.',
    title: 'host:port',
    examples: ['web:80', `\${service/web:.spec.clusterIP}:80`],
  });

export const url = z
  .string()
  .regex(/^(https?:\/\/|\$\{)/, { error: (issue) => `"${issue.input}" is not a URL such as http://orange/` })
  .meta({ description: 'A URL.', examples: ['http://web/', `http://\${node.address}:30080/`] });

export const httpStatus = z
  .int()
  .min(100)
  .max(599)
  .meta({ description: 'The status of the answer.', examples: [200] });

export const absolutePath = z
  .string()
  .regex(/^\//, { error: (issue) => `"${issue.input}" is not an absolute path` })
  .meta({ description: 'An absolute path.', examples: ['/root/notes.txt'] });

/** One item or a list of items → a list. */
export const oneOrMore = <T extends z.ZodType>(item: T) => itemOrItems(item).transform((value) => listOf<T>(value));

/** No item, one item or a list of items → a list. */
export const zeroOrMore = <T extends z.ZodType>(item: T) =>
  itemOrItems(item)
    .default([])
    .transform((value) => listOf<T>(value));

const itemOrItems = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);

const listOf = <T extends z.ZodType>(value: unknown): z.output<T>[] =>
  (Array.isArray(value) ? value : [value]) as z.output<T>[];

/** A text that YAML may read as a number, such as a port. */
export const textOrNumber = z
  .union([z.string(), z.number().transform(String)])
  .meta({ description: 'A text or a number.', examples: [80] });
