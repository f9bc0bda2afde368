// Problems of a lab.yaml, and their wording.
import type * as z from 'zod';
import { didYouMean } from '../../kit/suggest.ts';

export type Path = readonly (string | number)[];

/** The kinds of problems that reading a lab finds: ids of `labs lint`. */
export type ReadingRule = 'yaml' | 'schema' | 'reference' | 'parameter' | 'missing-file';

/** A problem at a place in the document. `key` is set when the name of a field is wrong, not its value. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Default: `schema`. */
  readonly rule?: ReadingRule;
  readonly key?: string;
  /** The place of what has the name already. */
  readonly first?: Path;
}

/** `tasks[0].checks[1].url` */
export const formatPath = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');

/** A problem with its place in the file, lines and columns from 1. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly rule: ReadingRule;
}

/** `labs/x/lab.yaml:12:7: message` */
export const formatDiagnostic = ({ file, line, column, message }: Omit<Diagnostic, 'rule'>): string =>
  `${file}:${line}:${column}: ${message}`;

type RawIssue = z.core.$ZodRawIssue;

/** Describes an issue of zod: the value in the file, and what would be correct. */
export const describeIssue = (issue: RawIssue): string | undefined => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `is ${show(issue.input)}, must be ${typeWords(issue.expected)}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is missing, must be ${issue.values.map(show).join(' or ')}`
        : `is ${show(issue.input)}, must be ${issue.values.map(show).join(' or ')}${suggest(issue.input, issue.values)}`;
    case 'invalid_union':
      return describeUnion(issue);
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? 'must not be empty'
        : `is ${show(issue.input)}, must be at least ${issue.minimum}`;
    case 'too_big':
      return `is ${show(issue.input)}, must be at most ${issue.maximum}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? `${show(issue.path?.at(-1) ?? issue.input)} is not a valid name`;
    case 'invalid_format':
      return `is ${show(issue.input)}, which has the wrong format`;
    default:
      return undefined;
  }
};

const describeUnion = (issue: RawIssue): string => {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : undefined;
  if (options) {
    const input = (issue.input as Record<string, unknown> | undefined)?.[String(issue.discriminator)];
    if (input === undefined) return `is missing, must be one of ${options.join(', ')}`;
    return `is ${show(input)}, must be one of ${options.join(', ')}${suggest(input, options)}`;
  }
  if (issue.input === undefined) return 'is missing';
  const groups = (issue.errors ?? []) as readonly (readonly { message: string; path: PropertyKey[] }[])[];
  const deep =
    groups.find((group) => group.some(({ path }) => path.length > 0)) ??
    groups.find((group) => group.every(({ message }) => !message.startsWith('is ') || !message.includes('must be a')));
  if (deep)
    return deep.map(({ message, path }) => `${path.length > 0 ? `${path.join('.')} ` : ''}${message}`).join(', ');
  const wanted = groups.flatMap((group) => group.map(({ message }) => /must be (.*)$/.exec(message)?.[1] ?? message));
  return `is ${show(issue.input)}, must be ${[...new Set(wanted)].join(' or ')}`;
};

/** Unknown fields become one problem each, with the nearest known name. */
export const unknownFields = (
  keys: readonly string[],
  known: readonly string[],
): readonly { key: string; message: string }[] =>
  keys.map((key) => ({ key, message: `unknown field "${key}"${didYouMean(key, known)}` }));

const suggest = (written: unknown, known: readonly unknown[]): string =>
  known.length < 2 ? '' : didYouMean(String(written), known.map(String));

const typeWords = (expected: string): string =>
  ({
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a map of fields',
    array: 'a list',
  })[expected] ?? expected;

/** A value for an error message: short, on one line. */
export const show = (value: unknown): string => {
  const text =
    value !== null && typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'a map') : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

/** One problem for each name that an earlier entry has already. */
export const duplicates = (entries: readonly { name: unknown; path: Path }[], what: string): Problem[] => {
  const seen = new Map<unknown, Path>();
  return entries.flatMap(({ name, path }) => {
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, path);
      return [];
    }
    return [{ path, first, message: `"${String(name)}" is already the name of another ${what}` }];
  });
};
