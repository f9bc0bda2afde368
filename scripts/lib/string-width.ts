// Stands in for string-width in the bundle of labs. For the first character that is not ASCII, the package compiles a
// regular expression of all emoji. That takes 80 ms, and nearly all texts of labs have only the characters below.
import stringWidth, { type Options } from '../../node_modules/string-width/index.js';

/** Letters, punctuation, arrows, lines and signs of one column each, and the private character of cli/text.ts. */
const letters = String.raw`\x20-\x7e\xa1-\xac\xae-\u017f\u2010-\u2027`;
const signs = String.raw`\u2190-\u21ff\u2500-\u257f\u25a0-\u25e6\u2713-\u2718\ue000`;
/** Korean syllables, of two columns each. */
const wide = String.raw`\uac00-\ud7a3`;
const known = new RegExp(`^[${letters}${signs}${wide}]*$`);
const wideOnes = new RegExp(`[${wide}]`, 'g');
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const colors = /\u001b\[[\d;]*m/g;

// biome-ignore lint/style/noDefaultExport: as in the package
export default function width(text: string, options?: Options): number {
  const plain = text.includes('\u001b') ? text.replace(colors, '') : text;
  return options === undefined && known.test(plain)
    ? plain.length + (plain.match(wideOnes)?.length ?? 0)
    : stringWidth(text, options);
}
