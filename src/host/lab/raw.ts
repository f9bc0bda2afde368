// Reads parts of a lab.yaml whose shape may be wrong. A value that is not a map or not a list is read as an empty one.

export type Raw = Readonly<Record<string, unknown>>;

export const recordOf = (value: unknown): Raw =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Raw) : {};

export const listOf = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.map(recordOf) : []);
