// What Docker, or the way to it, says went wrong → one clear error, with what to do next.
import { LabError, messageOf } from '../../kit/error.ts';
import { type Endpoint, formatEndpoint } from './endpoint.ts';

export interface Circumstances {
  readonly endpoint: Endpoint;
  /** The Docker Engine's program is on this machine. */
  readonly engineInstalled: () => boolean;
}

/** Translates anything that a call to Docker threw. A LabError and an aborted signal's reason pass through. */
export const translate = (error: unknown, circumstances: Circumstances, signal?: AbortSignal): unknown => {
  if (signal?.aborted) return signal.reason;
  if (error instanceof LabError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (statusCode !== undefined) return refused(statusCode, saidBy(error), error);
  if (code !== undefined) return unreachable(code, error, circumstances);
  return failed(messageOf(error), error);
};

/**
 * Errors that arrive inside of a progress stream, as text.
 * @param output the lines before it: a build's error only names the command that failed
 */
export const translateText = (code: string, text: string, output: readonly string[] = []): LabError => {
  const said = [text, ...output].join('\n');
  if (isDiskFull(said)) return diskFull(text);
  const wrong = output.filter((line) => /^(E|Err|W):|\berror\b|unable|failed|not found|denied/i.test(line)).slice(-4);
  return new LabError(code, [text, ...(wrong.length > 0 ? wrong : output.slice(-4))].join('\n'), {
    hint: isOffline(said)
      ? 'Check the way to the network (`apt-get update` should work on this machine), then try again.'
      : 'Mend what it says, then try again.',
  });
};

/** apt could not reach its mirror. */
export const isOffline = (output: string): boolean =>
  /Could not resolve|Temporary failure|Unable to connect|Connection (timed out|refused)/i.test(output);

const refused = (status: number, said: string, cause: unknown): LabError => {
  if (isDiskFull(said)) return diskFull(said, cause);
  if (/no such image|manifest unknown|pull access denied/i.test(said))
    return new LabError('LAB_IMAGE_MISSING', `Docker has no such image: ${said}`, {
      cause,
      hint: 'Run `labs setup`, which builds the images that are missing.',
    });
  if (/no such container/i.test(said))
    return new LabError('LAB_CONTAINER_MISSING', said, { cause, hint: 'See `labs status`.' });
  if (status === 409 && /is already in use/.test(said))
    return new LabError('LAB_NAME_TAKEN', said, { cause, hint: 'See `labs status`; `labs delete` removes a lab.' });
  if (status === 409 && /is not running|is paused/.test(said))
    return new LabError('LAB_CONTAINER_STOPPED', said, { cause, hint: 'Run `labs start` to resume the lab.' });
  if (status === 404 && /Could not find the file/i.test(said)) return new LabError('LAB_FILE_MISSING', said, { cause });
  return failed(said, cause);
};

const unreachable = (code: string, cause: unknown, { endpoint, engineInstalled }: Circumstances): LabError => {
  const where = formatEndpoint(endpoint);
  if (code === 'EACCES' || code === 'EPERM')
    return new LabError('LAB_DOCKER_PERMISSION', `No permission to use Docker's socket ${where}`, {
      cause,
      hint: 'Run `sudo usermod -aG docker "$USER"`, then log in again (or run `newgrp docker`).',
    });
  if (endpoint.kind !== 'unix')
    return new LabError('LAB_DOCKER_UNREACHABLE', `Docker does not answer at ${where}: ${messageOf(cause)}`, {
      cause,
      hint: 'Check DOCKER_HOST and that the engine there runs; unset DOCKER_HOST to use the one on this machine.',
    });
  if (!engineInstalled())
    return new LabError('LAB_DOCKER_MISSING', 'The Docker Engine is not installed', {
      cause,
      hint: 'Run `labs setup`, which installs it.',
    });
  return new LabError('LAB_DOCKER_UNREACHABLE', `Docker is installed but not running: nothing answers at ${where}`, {
    cause,
    hint: 'Run `labs setup`, which starts it.',
  });
};

/** The disk of whichever machine wrote `text` is full. */
export const isDiskFull = (text: string): boolean => /no space left on device|disk quota exceeded/i.test(text);

export const diskFull = (said: string, cause?: unknown): LabError =>
  new LabError('LAB_DISK_FULL', `Docker's disk is full: ${said}`, {
    cause,
    hint: 'Free some space (`docker system df` shows what uses it, `docker system prune` frees it), then try again.',
  });

const failed = (said: string, cause: unknown): LabError =>
  new LabError('LAB_DOCKER_FAILED', `Docker refused: ${said}`, { cause, hint: 'Run `labs doctor`.' });

/** docker-modem wraps Docker's message: `(HTTP code 409) unexpected - Conflict. … `. */
const saidBy = (error: unknown): string =>
  messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
