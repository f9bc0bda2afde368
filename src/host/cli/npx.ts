// Texts name commands as `labs check`. A user of npx has no `labs` on PATH and must type `npx labs check`.

/** Makes a function that puts `npx` before each command in a text. @param commands the names of all commands */
export const namesForNpx = (commands: readonly string[]): ((text: string) => string) => {
  // A colour code may stand before the command. Its last letter is no part of a word.
  const before = '(?<=^|\\u001b\\[[\\d;]*m|[^\\w./-])(?<!npx )';
  const withWords = `(?= (?:(?:${commands.join('|')})\\b|--|<))`;
  const alone = '(?<=`labs)(?=`)';
  const command = new RegExp(`${before}labs(?:${withWords}|${alone})`, 'gm');
  return (text) => text.replace(command, 'npx labs');
};

/** Changes every text inside of a value: of a message with its gaps, of a list, of a record. */
export const rewriteTexts = <T>(value: T, rewrite: (text: string) => string): T => {
  if (typeof value === 'string') return rewrite(value) as T;
  if (typeof value === 'function') return ((...gaps: readonly unknown[]) => rewriteTexts(value(...gaps), rewrite)) as T;
  if (value instanceof RegExp || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => rewriteTexts(item, rewrite)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewriteTexts(item, rewrite)])) as T;
};
