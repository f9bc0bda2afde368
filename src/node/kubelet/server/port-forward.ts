// `kubectl port-forward`: connects each pair of SPDY streams (data and error) to one TCP connection in the pod's
// network.
import { type StreamingProgram, spawnStreaming } from '../../sys/streaming.ts';
import type { Sandbox } from '../runtime/runtime.ts';
import { highWater, pauseUntil } from './pacing.ts';
import { createSpdySession, type SpdyStream } from './spdy.ts';
import type { Wire } from './wire.ts';

export interface PortForwardOptions {
  readonly sandbox: Sandbox;
  readonly onError: (error: unknown) => void;
}

/** The WebSocket subprotocol of kubectl ≥ 1.31: a SPDY session in a WebSocket. */
export const portForwardProtocol = 'SPDY/3.1+portforward.k8s.io';
/** The protocol of older clients: SPDY without a WebSocket. */
export const spdyPortForwardProtocol = 'portforward.k8s.io';

/** Serves one client until it disconnects. */
export const servePortForward = (wire: Wire, { sandbox, onError }: PortForwardOptions): void => {
  const pairs = new Map<string, { data?: SpdyStream; error?: SpdyStream }>();
  const session = createSpdySession({
    send: wire.send,
    onError,
    onStream(stream) {
      const { streamtype = '', requestid = '', port = '' } = stream.headers;
      const pair = pairs.get(requestid) ?? {};
      pairs.set(requestid, pair);
      pair[streamtype === 'error' ? 'error' : 'data'] = stream;
      if (!pair.data || !pair.error) return;
      pairs.delete(requestid);
      forward({
        data: pair.data,
        error: pair.error,
        port: Number(port),
        sandbox,
        isFull: () => wire.pending() > highWater,
      });
    },
  });
  wire.onData(session.receive);
  wire.onClose(session.close);
};

interface Forwarding {
  readonly data: SpdyStream;
  readonly error: SpdyStream;
  readonly port: number;
  readonly sandbox: Sandbox;
  readonly isFull: () => boolean;
}

const forward = ({ data, error, port, sandbox, isFull }: Forwarding): void => {
  const child = connectInPod(sandbox, port);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    data.write(chunk);
    if (isFull()) pauseUntil(child, () => !isFull());
  });
  child.stdin?.on('error', () => {});
  data.onData((chunk) => child.stdin?.write(chunk));
  data.onEnd(() => child.stdin?.end());
  data.onAbort(() => child.kill('SIGKILL'));
  let finished = false;
  const finish = (message?: string): void => {
    if (finished) return;
    finished = true;
    if (message !== undefined) error.write(Buffer.from(message));
    data.end();
    error.end();
  };
  // A program that failed to start may never emit `close`.
  child.on('error', (cause) => finish(cause.message));
  child.on('close', (code) => finish(code === 0 || code === null ? undefined : failure(port, sandbox, stderr)));
};

/** Runs one program for each connection, because Node cannot open a socket in another network namespace. */
const connectInPod = ({ netns }: Sandbox, port: number): StreamingProgram => {
  const connect = ['socat', '-t600', '-', `TCP4:127.0.0.1:${port}`];
  return spawnStreaming(netns === undefined ? connect : ['nsenter', `--net=${netns}`, ...connect]);
};

const failure = (port: number, { id, pod }: Sandbox, stderr: string): string => {
  const refused = /refused/i.test(stderr);
  const reason = refused ? `dial tcp4 127.0.0.1:${port}: connect: connection refused` : stderr.trim();
  return `error forwarding port ${port} to pod ${id}, uid ${pod.uid}: failed to connect to localhost:${port} inside namespace "${id}": ${reason}`;
};
