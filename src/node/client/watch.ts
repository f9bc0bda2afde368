// Reads a watch's byte stream, one JSON document per line, as an async iterable of events.
import type { IncomingMessage } from 'node:http';
import type { KubeObject, WatchEvent } from '../../api/meta.ts';
import { ApiError } from './error.ts';

/**
 * Reads events until the server ends the stream.
 * @param idleMs the longest silence before the watch is broken off. A healthy server sends a bookmark at least once a
 *   minute.
 * @throws ApiError on an ERROR event; the socket's error when the connection breaks
 */
export async function* readWatch<T extends KubeObject>(
  response: IncomingMessage,
  idleMs: number,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  response.setEncoding('utf8');
  response.socket.setTimeout(idleMs, () =>
    response.destroy(new Error(`the watch has been silent for ${idleMs / 1000} s`)),
  );
  let rest = '';
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.length > 0) yield eventOf<T>(line);
    }
  } finally {
    response.destroy();
  }
}

const eventOf = <T extends KubeObject>(line: string): WatchEvent<T> => {
  const event = JSON.parse(line) as WatchEvent<T>;
  if (event.type === 'ERROR') throw new ApiError(event.object);
  return event;
};
