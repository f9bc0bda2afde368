// At boot every component starts at once: wait for the API server with small steps and one line in the log.
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { createBackoff } from './backoff.ts';
import type { Client } from './types.ts';

/**
 * Resolves when the server says that it is ready, which an informer alone would find out later: its back-off is made
 * for a server that is gone, not for one that comes up. @throws the signal's reason when aborted
 */
export const waitForApiserver = async (
  client: Client,
  { signal, logger }: { readonly signal: AbortSignal; readonly logger: Logger },
): Promise<void> => {
  const backoff = createBackoff(20, 250);
  for (let told = false; ; told = true) {
    const seen = await look(client);
    if (seen === undefined) return;
    if (!told) logger.info(1, 'Waiting for the API server', { err: seen });
    await backoff.wait(signal);
  }
};

/** What is wrong; undefined when nothing is. */
const look = async (client: Client): Promise<string | undefined> => {
  try {
    const { status, body } = await client.raw('/readyz');
    return status === 200 ? undefined : `${status} ${body.slice(0, 100)}`;
  } catch (error) {
    return messageOf(error);
  }
};
