// The error type that users see: a stable code, what happened, and what to do next.

/** Exit codes of `labs`. The README explains them ("Exit codes"). */
export const ExitCode = {
  /** Done, or all checks pass. */
  ok: 0,
  /** A check failed: the student's work is not finished. */
  checkFailed: 1,
  /** Wrong usage, or a wrong lab definition. */
  usage: 2,
  /** labs or the machine failed. This never costs points. */
  broken: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface LabErrorOptions {
  readonly cause?: unknown;
  /** What the user should do next, as one imperative sentence. */
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  /** labs does not do what was asked, and nothing failed. Default: true for wrong usage. */
  readonly refusal?: boolean;
}

/** An error with a stable code (`LAB_…`). It is printed once, at the top of the program. */
export class LabError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
  readonly refusal: boolean;

  constructor(code: string, message: string, options: LabErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LabError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? ExitCode.broken;
    this.refusal = options.refusal ?? this.exitCode === ExitCode.usage;
  }
}

/** The message of a thrown value of any type. */
export const messageOf = (error: unknown): string => {
  // Node throws an AggregateError without a message when no address of a host answers.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
};
