// The server side of a SPDY/3.1 session. It has no flow control, priorities or push, because kubectl's library,
// moby/spdystream, does not use them.
import { createHeaderCodec, type Headers } from './spdy-headers.ts';

/** A stream that the client opened. */
export interface SpdyStream {
  readonly id: number;
  readonly headers: Headers;
  onData(handler: (chunk: Buffer) => void): void;
  /** Called when the client has sent everything. */
  onEnd(handler: () => void): void;
  /** Called when the client cancelled the stream or the session ended. */
  onAbort(handler: () => void): void;
  write(chunk: Buffer): void;
  /** Tells the client that everything was sent. Safe to repeat. */
  end(): void;
  /** Cancels the stream. */
  reset(): void;
}

export interface SpdySession {
  /** @param chunk the next bytes from the client; frames need not be whole */
  receive(chunk: Buffer): void;
  /** Call this when the connection has ended. */
  close(): void;
}

export interface SpdyOptions {
  readonly send: (frame: Buffer) => void;
  readonly onStream: (stream: SpdyStream) => void;
  readonly onError: (error: unknown) => void;
}

const control = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const flagFin = 1;
const statusCancel = 5;
const headerLength = 8;

export const createSpdySession = (options: SpdyOptions): SpdySession => {
  const streams = new Map<number, Stream>();
  const codec = createHeaderCodec();
  let buffered: Buffer = Buffer.alloc(0);
  // zlib works in the background. This chain keeps the frames in order.
  let work: Promise<void> = Promise.resolve();

  const handle = async (frame: Frame): Promise<void> => {
    if (!frame.control) {
      streams.get(frame.id)?.receive(frame.payload, (frame.flags & flagFin) !== 0);
      return;
    }
    if (frame.id === control.ping) options.send(controlFrame(control.ping, 0, frame.payload));
    else if (frame.id === control.rstStream) streams.get(frame.payload.readUInt32BE(0) & 0x7fffffff)?.abort();
    else if (frame.id === control.goAway) abortAll();
    else if (frame.id === control.synStream) await open(frame);
  };
  const open = async ({ payload, flags }: Frame): Promise<void> => {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = await codec.decode(payload.subarray(10));
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    options.send(controlFrame(control.synReply, 0, Buffer.concat([reply, await codec.encode({})])));
    const stream = new Stream(id, headers, options.send);
    streams.set(id, stream);
    stream.onAbort(() => streams.delete(id));
    options.onStream(stream);
    if ((flags & flagFin) !== 0) stream.receive(Buffer.alloc(0), true);
  };
  const abortAll = (): void => {
    for (const stream of [...streams.values()]) stream.abort();
  };
  return {
    receive(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      for (let frame = firstFrame(buffered); frame; frame = firstFrame(buffered)) {
        buffered = buffered.subarray(headerLength + frame.payload.length);
        const next = frame;
        work = work.then(() => handle(next)).catch(options.onError);
      }
    },
    close: abortAll,
  };
};

interface Frame {
  readonly control: boolean;
  /** The type of a control frame, or the stream of a data frame. */
  readonly id: number;
  readonly flags: number;
  readonly payload: Buffer;
}

const firstFrame = (buffer: Buffer): Frame | undefined => {
  if (buffer.length < headerLength) return undefined;
  const isControl = (buffer.readUInt8(0) & 0x80) !== 0;
  const length = buffer.readUIntBE(5, 3);
  if (buffer.length < headerLength + length) return undefined;
  return {
    control: isControl,
    id: isControl ? buffer.readUInt16BE(2) : buffer.readUInt32BE(0) & 0x7fffffff,
    flags: buffer.readUInt8(4),
    payload: buffer.subarray(headerLength, headerLength + length),
  };
};

const controlFrame = (type: number, flags: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
};

const dataFrame = (id: number, flags: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(headerLength);
  header.writeUInt32BE(id, 0);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
};

class Stream implements SpdyStream {
  readonly id: number;
  readonly headers: Headers;
  readonly #send: (frame: Buffer) => void;
  readonly #onData: ((chunk: Buffer) => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  readonly #onAbort: (() => void)[] = [];
  // Chunks that arrived before the first listener.
  readonly #early: Buffer[] = [];
  #ended = false;
  #closed = false;

  constructor(id: number, headers: Headers, send: (frame: Buffer) => void) {
    this.id = id;
    this.headers = headers;
    this.#send = send;
  }

  receive(chunk: Buffer, last: boolean): void {
    if (chunk.length > 0) {
      if (this.#onData.length === 0) this.#early.push(chunk);
      for (const handler of this.#onData) handler(chunk);
    }
    if (!last) return;
    this.#ended = true;
    for (const handler of this.#onEnd) handler();
  }

  abort(): void {
    this.#closed = true;
    for (const handler of this.#onAbort.splice(0)) handler();
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#onData.push(handler);
    for (const chunk of this.#early.splice(0)) handler(chunk);
  }

  onEnd(handler: () => void): void {
    this.#onEnd.push(handler);
    if (this.#ended) handler();
  }

  onAbort(handler: () => void): void {
    this.#onAbort.push(handler);
  }

  write(chunk: Buffer): void {
    if (!this.#closed && chunk.length > 0) this.#send(dataFrame(this.id, 0, chunk));
  }

  end(): void {
    if (!this.#closed) this.#send(dataFrame(this.id, flagFin, Buffer.alloc(0)));
    this.#closed = true;
  }

  reset(): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(this.id, 0);
    payload.writeUInt32BE(statusCancel, 4);
    if (!this.#closed) this.#send(controlFrame(control.rstStream, 0, payload));
    this.abort();
  }
}
