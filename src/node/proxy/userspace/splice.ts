// Two connections joined to one: bytes, back-pressure, ends and resets pass both ways.
import type { Socket } from 'node:net';

/**
 * Who has said all he has to say may still listen: the end of one direction is passed on alone (both sockets must allow half-open
 * connections; the original cut both). A reset, or an end that wasn't announced, resets the other side: it must not take what it got
 * for the whole. When it returns, data may flow.
 */
export const splice = (client: Socket, endpoint: Socket): void => {
  passFailure(client, endpoint);
  passFailure(endpoint, client);
  client.pipe(endpoint);
  endpoint.pipe(client);
};

const passFailure = (from: Socket, to: Socket): void => {
  from.on('error', () => to.resetAndDestroy());
  from.once('close', () => {
    if (!from.readableEnded || !from.writableFinished) to.resetAndDestroy();
  });
};
