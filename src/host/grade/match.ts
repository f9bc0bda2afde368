// Compares the texts and numbers of a lab's checks with the state of the cluster.

/** `/…/flags` is a regular expression. Any other text is compared literally. */
export type TextMatch = string;

/** How many of something there must be. Both ends belong to the range. */
export interface CountRange {
  readonly min: number;
  readonly max?: number;
}

/** The regular expression, when the match is written as `/…/flags`. @throws SyntaxError */
export const patternOf = (match: TextMatch): RegExp | undefined => {
  const written = /^\/(.*)\/([a-z]*)$/s.exec(match);
  return written ? new RegExp(written[1] ?? '', (written[2] ?? '').replace(/[gy]/g, '')) : undefined;
};

/** For names and addresses: whether the pattern matches, or the text is the same. */
export const isMatch = (match: TextMatch, text: string): boolean => patternOf(match)?.test(text) ?? match === text;

/** For bodies, comments and lines: whether the pattern matches, or `text` contains the match. */
export const contains = (match: TextMatch, text: string): boolean =>
  patternOf(match)?.test(text) ?? text.includes(match);

/** The match as a sentence shows it, in quotes. */
export const inWords = (match: TextMatch): string => {
  const text = plainText(match);
  return text.includes('"') ? `'${text}'` : `"${text}"`;
};

/** The match without quotes. A regular expression becomes a text that it matches, because students read it. */
export const plainText = (match: TextMatch): string => {
  const pattern = patternOf(match);
  return pattern ? sampleOf(pattern.source) : match;
};

/** A text that the pattern matches: `…` for what may be anything. Only a piece of it if the pattern is not simple. */
const sampleOf = (source: string): string => {
  const text = source
    .replace(/\(\^\|\\s\)|\(\\s\|\$\)|\\b|^\^|\$$/g, '') // ends of words and lines
    .replace(/\([^()]*\|\$?\)|\([^()]*\)\?/g, '') // groups that may be empty
    .replace(/\{0,\d*\}/g, '?')
    .replace(/(?:\[[^\]]*\]|\.)[*+]/g, '…')
    .replace(/\[([^\]])[^\]]*\]/g, '$1')
    .replace(/[^\\)\]]\?/g, '')
    .replace(/\\([/.-])/g, '$1');
  return /[\\^$|()[\]{}*+?]/.test(text) || text === '' ? longestPiece(source) : text;
};

const longestPiece = (source: string): string => {
  const pieces = source.replace(/\{[\d,]*\}|\[[^\]]*\]|\\.|\w\?/g, '|').split(/[\^$|().*+?]+/);
  const longest = pieces.reduce((best, piece) => (piece.length > best.length ? piece : best), '');
  return longest === '' ? '…' : `…${longest}…`;
};

/** The text on one line of at most `most` characters. */
export const brief = (text: string, most = 120): string => {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

export const inRange = (value: number, { min, max }: CountRange): boolean =>
  value >= min && (max === undefined || value <= max);
