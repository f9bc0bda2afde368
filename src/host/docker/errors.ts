// Translates errors of Docker and of the connection to it into a LabError with a hint.
import { LabError, messageOf } from '../../kit/error.ts';
import { type Endpoint, formatEndpoint } from './endpoint.ts';

export interface Circumstances {
  readonly endpoint: Endpoint;
  /** The variable DOCKER_HOST names the endpoint, so `labs setup` neither installs nor starts this engine. */
  readonly namedByDockerHost: boolean;
  /** The Docker Engine's program is on this machine. */
  readonly engineInstalled: () => boolean;
}

/** Translates any error of a call to Docker. A LabError and the reason of an aborted signal pass through. */
export const translate = (error: unknown, circumstances: Circumstances, signal?: AbortSignal): unknown => {
  if (signal?.aborted) return signal.reason;
  if (error instanceof LabError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (statusCode !== undefined) return refused(statusCode, saidBy(error), error);
  // None of the addresses of a host answers: an AggregateError.
  if (code !== undefined || error instanceof AggregateError) return unreachable(code, error, circumstances);
  return failed(messageOf(error), error);
};

/**
 * Translates an error that arrives as text inside of a progress stream.
 * @param output the lines before the error, because a build's error only names the command that failed
 */
export const translateText = (code: string, text: string, output: readonly string[] = []): LabError => {
  const said = [text, ...output].join('\n');
  if (isDiskFull(said)) return diskFull(text);
  const wrong = output.filter((line) => /^(E|Err|W):|\berror\b|unable|failed|not found|denied/i.test(line)).slice(-4);
  return new LabError(code, [text, ...(wrong.length > 0 ? wrong : output.slice(-4))].join('\n'), {
    hint: isOffline(said)
      ? 'Check the network: `apt-get update` must work on this machine. Then try again.'
      : 'Correct the error above, then try again.',
  });
};

/** apt could not reach its mirror. */
export const isOffline = (output: string): boolean =>
  /Could not resolve|Temporary failure|Unable to connect|Connection (timed out|refused)/i.test(output);

const refused = (status: number, said: string, cause: unknown): LabError => {
  if (isDiskFull(said)) return diskFull(said, cause);
  if (/no such image|manifest unknown|pull access denied/i.test(said))
    return new LabError('LAB_IMAGE_MISSING', `Docker does not have the image: ${said}`, {
      cause,
      hint: 'Run `labs setup`, which builds the images that are missing.',
    });
  if (/no such container/i.test(said))
    return new LabError('LAB_CONTAINER_MISSING', said, {
      cause,
      hint: 'Run `labs status` to see which machines exist.',
    });
  if (status === 409 && /is already in use/.test(said))
    return new LabError('LAB_NAME_TAKEN', said, {
      cause,
      hint: 'Run `labs status` to see what exists; `labs delete` removes a lab.',
    });
  if (/port is already allocated|address already in use/i.test(said))
    return new LabError('LAB_PORT_TAKEN', said, {
      cause,
      hint: 'Another program uses this port. `ss -ltnp` shows which one.',
    });
  if (status === 409 && /is not running|is paused/.test(said))
    return new LabError('LAB_CONTAINER_STOPPED', said, { cause, hint: 'Run `labs start` to resume the lab.' });
  if (status === 404 && /Could not find the file/i.test(said)) return new LabError('LAB_FILE_MISSING', said, { cause });
  return failed(said, cause);
};

const unreachable = (code: string | undefined, cause: unknown, circumstances: Circumstances): LabError => {
  const { endpoint, namedByDockerHost, engineInstalled } = circumstances;
  const where = formatEndpoint(endpoint);
  if (code === 'EACCES' || code === 'EPERM')
    return new LabError('LAB_DOCKER_PERMISSION', `No permission to use Docker's socket ${where}`, {
      cause,
      hint: 'Run `sudo usermod -aG docker "$USER"`, then log in again (or run `newgrp docker`).',
    });
  if (namedByDockerHost || endpoint.kind !== 'unix')
    return new LabError('LAB_DOCKER_UNREACHABLE', `Docker does not answer at ${where}: ${messageOf(cause)}`, {
      cause,
      hint: namedByDockerHost
        ? 'Check DOCKER_HOST, and that the engine runs there. Unset DOCKER_HOST to use the engine of this machine.'
        : 'Check that the engine runs there. `docker context ls` shows the contexts, `docker context use` chooses one.',
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

/** Whether `text` is the error of a full disk, here or on the engine's machine. */
export const isDiskFull = (text: string): boolean => /no space left on device|disk quota exceeded/i.test(text);

export const diskFull = (said: string, cause?: unknown): LabError =>
  new LabError('LAB_DISK_FULL', `Docker's disk is full: ${said}`, {
    cause,
    hint: 'Free 2 GB, then try again. `docker system df` shows what uses the space, `docker system prune` frees it.',
  });

const failed = (said: string, cause: unknown): LabError =>
  new LabError('LAB_DOCKER_FAILED', `Docker refused the request: ${said}`, {
    cause,
    hint: 'Run `labs doctor` to find the cause.',
  });

/** docker-modem wraps Docker's message: `(HTTP code 409) unexpected - Conflict. … `. */
const saidBy = (error: unknown): string =>
  messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    // The id of a container says nothing to a student.
    .replace(/:? *"?\b[0-9a-f]{64}\b"?/g, '')
    .trim();
