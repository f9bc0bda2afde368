// Mends what tools print when a student chose names that are no text. iproute2 prints control characters of a name as
// they are, which JSON does not allow. `nft -j` ends with a failed assertion at a name that is not UTF-8.
import { printable } from '../kit/printable.ts';
import { AgentError } from './run.ts';

/** iproute2 escapes tabs and line breaks in names. All other control characters stand for themselves. */
export const cleanJson = (json: string): string =>
  json.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON does not allow
    /[\x01-\x08\x0b\x0c\x0e-\x1f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** @param line a line of `nft list ruleset` with the name */
export const notText = (machine: string, line: string): AgentError => {
  const shown = printable(line.trim().slice(0, 200));
  return new AgentError(
    'FABRIC_RULES_NO_TEXT',
    `a name in the rules of ${machine} is no text, so nobody can list the rules: ${shown}`,
  );
};

const forgedCode = 'FABRIC_RULES_FORGED';

export const isForged = (error: unknown): boolean => error instanceof AgentError && error.code === forgedCode;

/** @param name what makes a listing of rules or sets look like something else */
export const forged = (machine: string, name: string): AgentError => {
  const shown = printable(name.trim().slice(0, 200));
  return new AgentError(
    forgedCode,
    `a name in the rules or sets of ${machine} has a space, a line break or a quote, so they look like others: ${shown}`,
  );
};

const replacement = '\ufffd';

/** The first line of a listing that is not UTF-8. */
export const lineWithoutText = (listing: string): string | undefined =>
  listing.split('\n').find((line) => line.includes(replacement));
