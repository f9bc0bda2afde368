// What labs does with a field of the API: a component honours it, the API server refuses it, or it only reports.

export type Support =
  /** `by`: the file below src/node that acts on the field, or a file of src/api. */
  | { readonly is: 'honoured'; readonly by: string }
  /** A component reports the field, and no component acts on it. */
  | { readonly is: 'status' }
  /** The values in `accepts` are harmless, because they say what labs does anyway. */
  | { readonly is: 'refused'; readonly why: string; readonly accepts: readonly unknown[] };

export type Fields = Readonly<Record<string, Support>>;

/** Type of the schema (`core.v1.PodSpec`) → field → support. Types below a refused or a status field have no rows. */
export type FieldTable = Readonly<Record<string, Fields>>;

/** @returns the path in the repository of a file that honours a field */
export const sourcePath = (by: string): string => (by.startsWith('api/') ? `src/${by}` : `src/node/${by}`);

const each = (names: string, support: Support): Fields =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, support]));

/** @param names fields, separated by spaces */
export const honoured = (by: string, names: string): Fields => each(names, { is: 'honoured', by });

export const statusOnly = (names: string): Fields => each(names, { is: 'status' });

export const refused = (names: string, why: string, accepts: readonly unknown[] = []): Fields =>
  each(names, { is: 'refused', why, accepts });
