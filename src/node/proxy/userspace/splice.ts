// Joins two TCP connections: bytes, back-pressure, ends and resets pass in both directions.
import type { Socket } from 'node:net';

/**
 * The end of one direction is passed on alone, so both sockets must allow half-open connections. (The original closed
 * both directions.) A reset or an unexpected end resets the other side, which would otherwise take incomplete data for
 * complete.
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
