// Access to parts of an object that may have any shape: what an API server holds is not always what its types say.

export type Json = Readonly<Record<string, unknown>>;

const nothing: Json = {};

/** The value if it is an object, else an empty object. */
export const recordOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : nothing;

/** The value if it is a list, else an empty list. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const flagOf = (value: unknown, otherwise: boolean): boolean => (typeof value === 'boolean' ? value : otherwise);

/** A value for a log line. */
export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
};

/** Is told what is left out of the rules, and why. */
export type Complain = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** For objects whose faults were logged when they arrived. */
export const silently: Complain = () => {};
