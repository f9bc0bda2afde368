// Reads JSON of tools that the student may have influenced: a field of the wrong type counts as empty.

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

export const json = {
  /** Several words as a list; nft prints one word alone as a text. */
  words: (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : [text(value)].filter(Boolean)),
  object,
  array,
  text,
  optionalText: (value: unknown): string | undefined => (value === undefined ? undefined : text(value)),
  number: (value: unknown): number => (typeof value === 'number' ? value : Number(text(value) || 0)),
  /** A list of objects. iproute2 prints nothing, or `[{}]`, where there is nothing to list. */
  list: (printed: string): Record<string, unknown>[] =>
    printed.trim() === ''
      ? []
      : array(JSON.parse(printed))
          .map(object)
          .filter((entry) => Object.keys(entry).length > 0),
};
