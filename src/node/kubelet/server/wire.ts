// The bytes under a SPDY session: a WebSocket's messages or an upgraded connection itself.
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export interface Wire {
  send(chunk: Buffer): void;
  onData(handler: (chunk: Buffer) => void): void;
  onClose(handler: () => void): void;
  /** Bytes that the other side hasn't taken yet. */
  pending(): number;
  /** After what was sent has gone out. */
  close(): void;
}

export const websocketWire = (socket: WebSocket): Wire => ({
  send: (chunk) => socket.send(chunk),
  onData: (handler) => void socket.on('message', (message) => handler(message as Buffer)),
  onClose: (handler) => void socket.on('close', handler),
  pending: () => socket.bufferedAmount,
  close: () => socket.close(1000),
});

/** @param head what came with the request for the upgrade */
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
