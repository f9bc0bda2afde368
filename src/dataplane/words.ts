// Splits a line of `iptables-save` into words. Joined with one space, the words are the line again.

/** Splits at spaces outside of double quotes. Quotes and escapes stay. Two spaces in a row make an empty word. */
export const splitWords = (line: string): string[] => {
  if (!line.includes('"')) return line.split(' ');
  const words: string[] = [];
  let start = 0;
  for (const end of spacesOutsideQuotes(line)) {
    words.push(line.slice(start, end));
    start = end + 1;
  }
  words.push(line.slice(start));
  return words;
};

/** Whether a quote is open at the end. A comment may contain line breaks, so the rule then goes on in the next line. */
export const endsInQuotes = (line: string): boolean => line.includes('"') && scanQuotes(line, () => {});

const spacesOutsideQuotes = (line: string): number[] => {
  const spaces: number[] = [];
  scanQuotes(line, (index) => spaces.push(index));
  return spaces;
};

/** @returns whether a quote is open at the end */
const scanQuotes = (line: string, onSpace: (index: number) => void): boolean => {
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index];
    if (letter === '\\' && quoted) index++;
    else if (letter === '"') quoted = !quoted;
    else if (letter === ' ' && !quoted) onSpace(index);
  }
  return quoted;
};

/** The word without quotes and escapes. */
export const unquote = (word: string): string =>
  word.startsWith('"') && word.endsWith('"') && word.length > 1 ? word.slice(1, -1).replace(/\\(.)/gs, '$1') : word;
