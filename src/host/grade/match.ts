// How texts of a lab's checks are compared with what the cluster shows.
import type { TextMatch } from '../../api/lab.ts';

/** The pattern written as `/…/flags`, if it is one. */
export const patternOf = (match: TextMatch): RegExp | undefined => {
  const written = /^\/(.*)\/([a-z]*)$/s.exec(match);
  return written ? new RegExp(written[1] ?? '', (written[2] ?? '').replace(/[gy]/g, '')) : undefined;
};

/** For names and addresses: a pattern, or the very text. */
export const isMatch = (match: TextMatch, text: string): boolean => patternOf(match)?.test(text) ?? match === text;

/** For bodies, comments and lines: a pattern, or a text in it. */
export const contains = (match: TextMatch, text: string): boolean =>
  patternOf(match)?.test(text) ?? text.includes(match);

/** The match as it stands in a sentence. */
export const inWords = (match: TextMatch): string => (patternOf(match) ? match : `"${match}"`);

/** A text on one line, not too long. */
export const brief = (text: string, most = 120): string => {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

export const inRange = (value: number, { min, max }: { min: number; max?: number }): boolean =>
  value >= min && (max === undefined || value <= max);
