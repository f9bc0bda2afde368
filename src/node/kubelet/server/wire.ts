// The connection under a SPDY session: a WebSocket, or the upgraded HTTP connection itself.
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export interface Wire {
  send(chunk: Buffer): void;
  onData(handler: (chunk: Buffer) => void): void;
  onClose(handler: () => void): void;
  /** The number of bytes that the client has not read yet. */
  pending(): number;
  /** Disconnects after everything was sent. */
  close(): void;
}

export const websocketWire = (socket: WebSocket): Wire => ({
  send: (chunk) => socket.send(chunk),
  onData: (handler) => void socket.on('message', (message) => handler(message as Buffer)),
  onClose: (handler) => void socket.on('close', handler),
  pending: () => socket.bufferedAmount,
  close: () => socket.close(1000),
});

/** @param head the first bytes after the upgrade request */
export const socketWire = (socket: Duplex, head: Buffer): Wire => {
  socket.on('error', () => socket.destroy());
  return {
    send: (chunk) => void (socket.destroyed || socket.write(chunk)),
    onData(handler) {
      if (head.length > 0) handler(head);
      socket.on('data', handler);
    },
    onClose: (handler) => void socket.on('close', handler),
    pending: () => socket.writableLength,
    close: () => socket.end(),
  };
};
