// `kubectl attach` and `kubectl run -it`: connects a client to the streams of a container's first process. Output comes
// from the container's log, where conmon writes each byte as it arrives. Input goes through socat to conmon's
// SOCK_SEQPACKET socket, because Node has no such sockets.
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../kit/error.ts';
import { spawnStreaming } from '../../sys/streaming.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { CommandChannels, TerminalSize } from './channels.ts';
import { followLog } from './log-follower.ts';

export interface AttachOptions {
  readonly container: () => ContainerRecord | undefined;
  /** The container's folder, with conmon's sockets. */
  readonly bundle: string;
  readonly stdin: boolean;
}

/** A client sees the earlier output of a container that is younger than this: `kubectl run -it` needs the prompt. */
const youngMs = 15_000;

/** Serves until the container ends or the client disconnects. Never throws: the client gets the error. */
export const serveAttach = async (channels: CommandChannels, options: AttachOptions): Promise<void> => {
  const container = options.container();
  if (!container) return channels.finish({ failure: 'container not found' });
  const stop = new AbortController();
  channels.onClose(() => stop.abort());
  if (options.stdin) sendInput(channels, options.bundle, stop.signal);
  if (container.terminal) channels.onResize((size) => void resize(options.bundle, size));
  try {
    const isYoung = Date.now() - Date.parse(container.startedAt) < youngMs;
    const offset = isYoung ? 0 : (await stat(container.logPath)).size;
    const isGrowing = (): boolean => options.container()?.exit === undefined;
    for await (const lines of followLog({ path: container.logPath, offset, isGrowing, signal: stop.signal })) {
      for (const { stream, content } of lines) channels[stream](content);
    }
    channels.finish({ exitCode: 0, command: [] });
  } catch (error) {
    channels.finish({ failure: messageOf(error) });
  } finally {
    stop.abort();
  }
};

/** socat must read, too: conmon sends the output to each client, and waits for a client that does not read. */
const sendInput = (channels: CommandChannels, bundle: string, signal: AbortSignal): void => {
  const target = `UNIX-CONNECT:${join(bundle, 'attach')},type=5`;
  const socat = spawnStreaming(['socat', '-t0', '-', target], { stdio: ['pipe', 'ignore', 'ignore'], signal });
  socat.on('error', () => {});
  socat.stdin?.on('error', () => {});
  channels.onStdin((chunk) => socat.stdin?.write(chunk));
  channels.onStdinEnd(() => socat.stdin?.end());
};

/** conmon reads commands from the pipe `ctl`. Command 1 sets the terminal's size. */
const resize = async (bundle: string, { rows, columns }: TerminalSize): Promise<void> => {
  try {
    const pipe = await open(join(bundle, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
    await pipe.write(`1 ${rows} ${columns}\n`);
    await pipe.close();
  } catch {
    // The container has ended.
  }
};
