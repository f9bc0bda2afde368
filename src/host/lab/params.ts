// Parameters of a lab: values drawn from a seed, so that each student has a lab of their own, and always the same one.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { LabParams, Variation } from '../../api/lab.ts';
import { didYouMean } from '../../kit/suggest.ts';
import type { Path, Problem } from './problem.ts';
import { recordOf } from './raw.ts';

const value = z.union([z.string().min(1), z.int()]);

const range = z.union([
  z
    .strictObject({
      from: z.int().meta({ description: 'The least value.', examples: [30_100] }),
      to: z.int().meta({ description: 'The greatest value.', examples: [30_999] }),
    })
    .refine(({ from, to }) => from <= to, '`to` must not be less than `from`')
    .meta({ description: 'A whole number, both ends included.' }),
  z
    .strictObject({
      oneOf: z
        .array(value)
        .min(1)
        .meta({ description: 'The values.', examples: [['orange', 'teal']] }),
    })
    .meta({ description: 'One of these values.' }),
]);

export const paramsSchema = z
  .record(
    z.string().regex(/^[a-z][a-zA-Z0-9]*$/, {
      error: (issue) => `"${issue.input}" is not a name such as port or serviceName`,
    }),
    range,
  )
  .meta({
    description:
      'Values that are drawn from --seed and --student. A dollar sign and {param:NAME} stand for one, in lab.yaml and ' +
      'in Markdown; scripts read lab.params.',
    examples: [{ port: { from: 30_100, to: 30_999 }, color: { oneOf: ['orange', 'teal'] } }],
  });

/** The values of a lab for one student. A parameter that is not valid has none: the schema names what is wrong. */
export const drawParams = (raw: unknown, variation: Variation): LabParams => {
  const lab = recordOf(raw);
  return Object.fromEntries(
    Object.entries(recordOf(lab.params)).flatMap(([name, written]) => {
      const { data } = range.safeParse(written);
      const draw = (count: number): number => drawNumber([String(lab.name), name], variation, count);
      if (data === undefined) return [];
      if ('oneOf' in data) return [[name, data.oneOf[draw(data.oneOf.length)] ?? '']];
      return [[name, data.from + draw(data.to - data.from + 1)]];
    }),
  );
};

/** Values of a valid parameter: all, or if there are more than `most`, its ends and others between them. */
export const valuesOf = (raw: unknown, name: string, most: number): readonly (string | number)[] => {
  const { data } = range.safeParse(recordOf(recordOf(raw).params)[name]);
  if (data === undefined) return [];
  if ('oneOf' in data) return data.oneOf.slice(0, most);
  const last = data.to - data.from;
  const count = Math.min(last + 1, Math.max(most, 2));
  const step = count < 2 ? 0 : last / (count - 1);
  return Array.from({ length: count }, (_, index) => data.from + Math.round(index * step));
};

/** The names of the parameters that are not valid. */
export const wrongParams = (raw: unknown): ReadonlySet<string> =>
  new Set(
    Object.entries(recordOf(recordOf(raw).params))
      .filter(([, written]) => !range.safeParse(written).success)
      .map(([name]) => name),
  );

/** Whether a text stands for one of these parameters. */
export const usesAny = (text: unknown, names: ReadonlySet<string>): boolean =>
  typeof text === 'string' && [...text.matchAll(template)].some(([, name = '']) => names.has(name));

/** A number from 0 to count - 1. Each seed, student and parameter has its own, in every version of labs. */
const drawNumber = (about: readonly string[], { seed = '', student = '' }: Variation, count: number): number => {
  const digest = createHash('sha256')
    .update(JSON.stringify([...about, seed, student]))
    .digest();
  // 64 of 256 bits: for the largest range, a value is at most 2^-11 more probable than another.
  return Number(digest.readBigUInt64BE() % BigInt(count));
};

const template = /\$\{param:([^}]*)\}/g;

/**
 * A text with the values of its parameters.
 * @param wrong parameters without a value, whose templates stay
 * @throws RangeError that names a parameter that the lab does not have
 */
export const fillText = (text: string, params: LabParams, wrong: ReadonlySet<string> = new Set()): string =>
  text.replaceAll(template, (written, name: string) => {
    const found = params[name];
    if (found !== undefined) return String(found);
    if (wrong.has(name)) return written;
    throw new RangeError(unknownParam(name, params));
  });

const unknownParam = (name: string, params: LabParams): string =>
  `there is no parameter "${name}" in params${didYouMean(name, Object.keys(params))}`;

/**
 * A whole lab.yaml with the values of its parameters. A field that is one template alone gets the value itself, so that
 * it may be a number.
 */
export const fillParams = (
  raw: unknown,
  params: LabParams,
  wrong: ReadonlySet<string> = new Set(),
): { readonly value: unknown; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const fillOne = (text: string, path: Path): unknown => {
    const [only, name = ''] = /^\$\{param:([^}]*)\}$/.exec(text) ?? [];
    try {
      return only === undefined ? fillText(text, params, wrong) : (params[name] ?? fillText(text, params, wrong));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push({ path, message: error.message, rule: 'parameter' });
      return text;
    }
  };
  const fill = (item: unknown, path: Path): unknown => {
    if (typeof item === 'string') return fillOne(item, path);
    if (Array.isArray(item)) return item.map((each, index) => fill(each, [...path, index]));
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, fill(each, [...path, key])]));
  };
  return { value: fill(raw, []), problems };
};
