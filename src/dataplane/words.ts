// Splits a line of `iptables-save` into words. Joined with one space, the words are the line again.

/** Splits at spaces outside of double quotes. Quotes and escapes stay. Two spaces in a row make an empty word. */
export const splitWords = (line: string): string[] => {
  if (!line.includes('"')) return line.split(' ');
  const words: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index];
    if (letter === '\\' && quoted) index++;
    else if (letter === '"') quoted = !quoted;
    else if (letter === ' ' && !quoted) {
      words.push(line.slice(start, index));
      start = index + 1;
    }
  }
  words.push(line.slice(start));
  return words;
};

/** The word without quotes and escapes. */
export const unquote = (word: string): string =>
  word.startsWith('"') && word.endsWith('"') && word.length > 1 ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;

/** The text as iptables prints it (libxtables `xtables_save_string`). */
export const quoteWord = (text: string): string =>
  /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\']/g, (letter) => `\\${letter}`)}"`;
