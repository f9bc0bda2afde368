// Waits for the API server at boot, when all components start at the same time.
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { createBackoff } from './backoff.ts';
import type { Client } from './types.ts';

/**
 * Resolves when the server is ready. An informer alone would notice later, because its pauses are longer.
 * Logs one line. @throws the signal's reason when aborted
 */
export const waitForApiserver = async (
  client: Client,
  { signal, logger }: { readonly signal: AbortSignal; readonly logger: Logger },
): Promise<void> => {
  const backoff = createBackoff(20, 120);
  for (let told = false; ; told = true) {
    const seen = await look(client);
    if (seen === undefined) return;
    if (!told) logger.info(1, 'Waiting for the API server', { err: seen });
    await backoff.wait(signal);
  }
};

/** Why the server is not ready, or undefined if it is. */
const look = async (client: Client): Promise<string | undefined> => {
  try {
    const { status, body } = await client.raw('/readyz');
    return status === 200 ? undefined : `${status} ${body.slice(0, 100)}`;
  } catch (error) {
    return messageOf(error);
  }
};
