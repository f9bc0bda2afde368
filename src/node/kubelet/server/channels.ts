// The remote command protocol over WebSocket (exec, attach): the first byte of each message is the channel's number.
import type { WebSocket } from 'ws';
import { highWater } from './pacing.ts';

/** v5 has a message that closes a channel, and so ends the input. A v4 client cannot end its input. */
export const commandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export interface CommandChannels {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  /** True while the client has too much unread output: the program should wait. */
  isFull(): boolean;
  onStdin(handler: (chunk: Buffer) => void): void;
  onStdinEnd(handler: () => void): void;
  onResize(handler: (size: TerminalSize) => void): void;
  onClose(handler: () => void): void;
  /** Sends the outcome of the command and disconnects. */
  finish(outcome: CommandOutcome): void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export type CommandOutcome =
  | { readonly exitCode: number; readonly command: readonly string[] }
  | { readonly failure: string };

export const createCommandChannels = (socket: WebSocket): CommandChannels => {
  const stdin = createMailbox<Buffer>();
  const stdinEnd = createMailbox<void>();
  const resize = createMailbox<TerminalSize>();
  const send = (id: number, chunk: Buffer): void => socket.send(Buffer.concat([Buffer.from([id]), chunk]));
  socket.on('message', (message: Buffer) => {
    const [id, payload] = [message[0], message.subarray(1)];
    if (id === channel.stdin) stdin.put(payload);
    if (id === channel.close && payload[0] === channel.stdin) stdinEnd.put();
    const size = id === channel.resize ? parseSize(payload) : undefined;
    if (size) resize.put(size);
  });
  // As from the original kubelet: an empty message tells the client that the connection is established.
  send(channel.stdout, Buffer.alloc(0));
  return {
    stdout: (chunk) => send(channel.stdout, chunk),
    stderr: (chunk) => send(channel.stderr, chunk),
    isFull: () => socket.bufferedAmount > highWater,
    onStdin: stdin.onMail,
    onStdinEnd: stdinEnd.onMail,
    onResize: resize.onMail,
    onClose: (handler) => void socket.on('close', handler),
    finish(outcome) {
      send(channel.error, Buffer.from(JSON.stringify(statusOf(outcome))));
      socket.close(1000);
    },
  };
};

/** Keeps messages until there is a listener: clients send input and their terminal's size before the program runs. */
export const createMailbox = <T>() => {
  const early: T[] = [];
  let handler: ((mail: T) => void) | undefined;
  return {
    put(mail: T): void {
      if (handler) handler(mail);
      else early.push(mail);
    },
    onMail(listener: (mail: T) => void): void {
      handler = listener;
      for (const mail of early.splice(0)) listener(mail);
    },
  };
};

/** @returns undefined when the message is no terminal size */
export const parseSize = (payload: Buffer): TerminalSize | undefined => {
  try {
    const { Width, Height } = JSON.parse(payload.toString('utf8')) as { Width?: number; Height?: number };
    return Width && Height ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
};

/** @returns a Status object. kubectl reads the exit code from its details. */
export const statusOf = (outcome: CommandOutcome): object => {
  if ('failure' in outcome) {
    const message = `Internal error occurred: ${outcome.failure}`;
    return { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
  }
  const { exitCode, command } = outcome;
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
};
