// Starts `peer.ts` in a network namespace and sends commands to it.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { testProgram } from '../programs.ts';

export interface Connection {
  readonly kind: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** UDP only. Conntrack sees all packets from one local port as one flow. */
  readonly localPort?: number;
  /** UDP only. Sends the request again after this time without an answer, from the same port, as DNS clients do. */
  readonly resendMs?: number;
}

/** The endpoint's address and port, and the client's address as the endpoint sees it; or an error. */
export interface Answer {
  /** UDP only: how often the request was sent. */
  readonly asked?: number;
  readonly at?: string;
  readonly port?: number;
  readonly from?: string;
  /** A system error code. ETIMEDOUT: no answer. ECLOSED: the connection was closed without an answer. */
  readonly error?: string;
}

export interface FloodAnswer extends Answer {
  /** Index in the list of targets. */
  readonly target: number;
  /** Milliseconds of the machine's clock, like `ended`. */
  readonly begun: number;
  readonly ended: number;
}

export type PeerCommand =
  | { readonly verb: 'ask'; readonly connection: Connection; readonly count: number }
  | { readonly verb: 'flood'; readonly targets: readonly Connection[]; readonly gapMs: number }
  | { readonly verb: 'stop' };

interface Reply {
  readonly id: number;
  readonly answers?: unknown;
}

export class Peer implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (answers: unknown) => void>();
  #lastId = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => {
      const { id, answers } = JSON.parse(line) as Reply;
      this.#waiting.get(id)?.(answers);
      this.#waiting.delete(id);
    });
  }

  /** Resolves when the peer listens. @param addresses where it listens */
  static async start(namespace: string, addresses: readonly string[]): Promise<Peer> {
    const argv = [`--net=/run/netns/${namespace}`, process.execPath, testProgram('peer'), ...addresses];
    const peer = new Peer(spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'pipe'] }));
    await peer.#reply(0);
    return peer;
  }

  async ask(connection: Connection, count = 1): Promise<Answer[]> {
    return (await this.#tell({ verb: 'ask', connection, count })) as Answer[];
  }

  /** Opens a connection to each target in turn, every `gapMs`, until `stop`. */
  async flood(targets: readonly Connection[], gapMs: number): Promise<void> {
    await this.#tell({ verb: 'flood', targets, gapMs });
  }

  /** Ends the flood. @returns the answers of all its connections */
  async stop(): Promise<FloodAnswer[]> {
    return (await this.#tell({ verb: 'stop' })) as FloodAnswer[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #tell(command: PeerCommand): Promise<unknown> {
    const id = ++this.#lastId;
    const reply = this.#reply(id);
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    return reply;
  }

  #reply(id: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const ended = (code: number | null): void => reject(new Error(`a peer ended with ${code}`));
    this.#child.once('exit', ended);
    this.#waiting.set(id, resolve);
    return promise.finally(() => this.#child.off('exit', ended));
  }
}
