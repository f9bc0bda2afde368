// The remote command protocol over SPDY (exec, attach), for kubectl before 1.31 and client-go's fallback: one SPDY
// stream per channel.
import { type CommandChannels, createMailbox, parseSize, statusOf, type TerminalSize } from './channels.ts';
import { highWater } from './pacing.ts';
import { createSpdySession, type SpdyStream } from './spdy.ts';
import type { Wire } from './wire.ts';

export const spdyCommandProtocol = 'v4.channel.k8s.io';

export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Calls `ready` when the client has opened all streams that its request asked for. */
export const acceptSpdyChannels = (
  wire: Wire,
  { stdin, stdout, stderr, tty }: WantedStreams,
  ready: (channels: CommandChannels) => void,
): void => {
  const wanted = [
    'error',
    ...(stdin ? ['stdin'] : []),
    ...(stdout ? ['stdout'] : []),
    ...(stderr && !tty ? ['stderr'] : []),
    ...(tty ? ['resize'] : []),
  ];
  const streams = new Map<string, SpdyStream>();
  const session = createSpdySession({
    send: wire.send,
    onError: wire.close,
    onStream(stream) {
      streams.set(stream.headers.streamtype ?? '', stream);
      if (wanted.every((name) => streams.has(name)) && streams.size === wanted.length)
        ready(channelsOver(wire, streams));
    },
  });
  wire.onData(session.receive);
  wire.onClose(session.close);
};

const channelsOver = (wire: Wire, streams: ReadonlyMap<string, SpdyStream>): CommandChannels => {
  const resize = createMailbox<TerminalSize>();
  const stdinEnd = createMailbox<void>();
  streams.get('resize')?.onData((chunk) => {
    const size = parseSize(chunk);
    if (size) resize.put(size);
  });
  streams.get('stdin')?.onEnd(() => stdinEnd.put());
  return {
    stdout: (chunk) => streams.get('stdout')?.write(chunk),
    stderr: (chunk) => streams.get('stderr')?.write(chunk),
    isFull: () => wire.pending() > highWater,
    onStdin: (handler) => streams.get('stdin')?.onData(handler),
    onStdinEnd: stdinEnd.onMail,
    onResize: resize.onMail,
    onClose: wire.onClose,
    finish(outcome) {
      streams.get('error')?.write(Buffer.from(JSON.stringify(statusOf(outcome))));
      for (const stream of streams.values()) stream.end();
      wire.close();
    },
  };
};
