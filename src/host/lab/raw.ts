// Reads parts of a lab.yaml whose shape may be wrong: anything that is no map reads as an empty one, no list as empty.

export type Raw = Readonly<Record<string, unknown>>;

export const recordOf = (value: unknown): Raw =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Raw) : {};

export const listOf = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.map(recordOf) : []);
