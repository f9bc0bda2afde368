// Reads parts of a lab.yaml whose shape may be wrong. A value that is not a map or not a list is read as an empty one.

export type Raw = Readonly<Record<string, unknown>>;

export const recordOf = (value: unknown): Raw =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Raw) : {};

/** The value at a path, or undefined. */
export const valueAt = (raw: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step], raw);

export const listOf = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.map(recordOf) : []);
