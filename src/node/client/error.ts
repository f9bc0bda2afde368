// The error that a refused API call throws. It carries the server's Status.
import type { Status } from '../../api/meta.ts';

/** The API server answered with a Status. `code` is the HTTP code, `reason` the machine-readable word (`NotFound`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly status: Status;
  /** The pause that the server asks for, or 0. */
  readonly retryAfterMs: number;

  constructor(status: Status, retryAfterMs = 0) {
    super(status.message ?? `the server answered ${status.code} ${status.reason ?? ''}`.trim());
    this.code = status.code;
    this.reason = status.reason ?? '';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reads the body of an error. Makes a Status from a body without one, such as a proxy's page or an empty body. */
export const apiErrorFrom = (code: number, body: string, retryAfterMs = 0): ApiError => {
  const parsed = parseStatus(body);
  if (parsed) return new ApiError({ ...parsed, code: parsed.code || code }, retryAfterMs);
  const message = body.trim().slice(0, 300) || `the server answered ${code}`;
  return new ApiError(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code },
    retryAfterMs,
  );
};

const parseStatus = (body: string): Status | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    const isStatus = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
    return isStatus ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
};

const hasReason = (error: unknown, reason: string): boolean => error instanceof ApiError && error.reason === reason;

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;
export const isConflict = (error: unknown): boolean => hasReason(error, 'Conflict');
export const isAlreadyExists = (error: unknown): boolean => hasReason(error, 'AlreadyExists');
/** The resource version is too old for a watch or a next page. The caller must list again. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.code === 410;
