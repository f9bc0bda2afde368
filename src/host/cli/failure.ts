// Prints a failure once, at the top: what happened, a code to search for, what to do next.
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { rewriteTexts } from './command-form.ts';
import type { Messages } from './messages.ts';
import type { Output } from './output.ts';

/** The exit code that shells use after Ctrl-C ended a program: 128 + SIGINT. */
export const interruptedCode = 130;

export interface FailureStyle {
  readonly json: boolean;
  readonly debug: boolean;
  /** The user pressed Ctrl-C. A later failure is then only a consequence. */
  readonly interrupted: boolean;
}

/** @returns the exit code of the failure */
export const reportFailure = (error: unknown, output: Output, style: FailureStyle, words: FailureWords): number => {
  if (style.interrupted && !hasLeftovers(error)) {
    output.note(words.interrupted);
    return interruptedCode;
  }
  const { code, message, hint, exitCode } = rewriteTexts(describe(error, words), output.printed);
  if (style.json) output.line(JSON.stringify({ error: { code, message, ...(hint ? { hint } : {}) } }));
  const [first = '', ...more] = message.split('\n');
  const red = output.paint(['red', 'bold'], `${words.errorLabel}:`);
  const lines = [`${red} ${first} ${output.paint('dim', `[${code}]`)}`, ...more];
  if (hint) lines.push(`${output.paint('cyan', `${words.hintLabel}:`)} ${hint}`);
  for (const line of lines) output.note(line);
  if (style.debug) output.note(stackOf(error));
  return style.interrupted ? interruptedCode : exitCode;
};

export type FailureWords = Pick<
  Messages,
  'errorLabel' | 'hintLabel' | 'interrupted' | 'unexpectedHint' | 'whileCleaningUp' | 'fromEnglish'
>;

interface Described {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

const describe = (error: unknown, words: FailureWords): Described => {
  if (error instanceof LabError)
    return {
      code: error.code,
      message: words.fromEnglish(error.message),
      hint: error.hint && words.fromEnglish(error.hint),
      exitCode: error.exitCode,
    };
  if (isSuppressed(error)) {
    const first = describe(error.suppressed, words);
    return {
      ...first,
      message: `${first.message}\n${words.whileCleaningUp(words.fromEnglish(messageOf(error.error)))}`,
    };
  }
  return { code: 'LAB_UNEXPECTED', message: messageOf(error), hint: words.unexpectedHint, exitCode: ExitCode.broken };
};

/** `await using` throws this when both the body and the clean-up fail. */
const isSuppressed = (error: unknown): error is SuppressedError =>
  typeof SuppressedError !== 'undefined' && error instanceof SuppressedError;

/** The clean-up failed, too: something may have been left behind. */
const hasLeftovers = (error: unknown): boolean => isSuppressed(error) || error instanceof AggregateError;

const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
};
