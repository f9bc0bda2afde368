// How a failure reads: printed once, at the top, as what happened, what to do next, and a code to search for.
import stringWidth from 'string-width';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import type { Output } from './output.ts';
import { wrap } from './text.ts';

/** The shell's own code for a program ended by Ctrl-C. */
export const interrupted = 130;

export interface FailureStyle {
  readonly json: boolean;
  readonly debug: boolean;
  /** True once the user has pressed Ctrl-C: whatever failed then, failed because of it. */
  readonly interrupted: boolean;
}

/** Prints the failure and returns the exit code that belongs to it. */
export const reportFailure = (error: unknown, output: Output, style: FailureStyle, words: FailureWords): number => {
  if (style.interrupted && !hasLeftovers(error)) {
    output.note(words.interrupted);
    return interrupted;
  }
  const { code, message, hint, exitCode } = describe(error, words);
  if (style.json) output.line(JSON.stringify({ error: { code, message, ...(hint ? { hint } : {}) } }));
  const [first = '', ...more] = message.split('\n');
  const red = output.paint(['red', 'bold'], 'error:');
  const lines = [...sentence(`${red} ${first} ${output.paint('dim', `[${code}]`)}`, output), ...more];
  if (hint) lines.push(...sentence(`${output.paint('cyan', 'hint:')} ${hint}`, output));
  for (const line of lines) output.note(line);
  if (style.debug) output.note(stackOf(error));
  return style.interrupted ? interrupted : exitCode;
};

/** Between words on a terminal; whole elsewhere, where programs look for it. */
const sentence = (text: string, { terminal, width }: Output): readonly string[] =>
  terminal ? text.split('\n').flatMap((line) => (stringWidth(line) > width ? wrap(line, width) : [line])) : [text];

export interface FailureWords {
  readonly interrupted: string;
  readonly unexpectedHint: string;
}

interface Described {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

const describe = (error: unknown, words: FailureWords): Described => {
  if (isLabError(error))
    return { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode };
  if (isSuppressed(error)) {
    const first = describe(error.suppressed, words);
    return { ...first, message: `${first.message}\n(and while cleaning up: ${messageOf(error.error)})` };
  }
  return { code: 'LAB_UNEXPECTED', message: messageOf(error), hint: words.unexpectedHint, exitCode: ExitCode.broken };
};

const isLabError = (error: unknown): error is LabError => error instanceof LabError;

/** What `await using` throws when the body and the clean-up both fail. */
const isSuppressed = (error: unknown): error is SuppressedError =>
  typeof SuppressedError !== 'undefined' && error instanceof SuppressedError;

const hasLeftovers = (error: unknown): boolean => isSuppressed(error) || error instanceof AggregateError;

const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
};
