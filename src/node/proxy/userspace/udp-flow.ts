// One UDP client's way to its endpoint.
import type { Socket } from 'node:dgram';
import type { ProxyEndpoint } from '../types.ts';

export interface UdpFlowOptions {
  readonly endpoint: ProxyEndpoint;
  readonly idleMs: number;
  readonly onAnswer: (answer: Buffer) => void;
  /** The endpoint refuses packets, say. The flow closes. */
  readonly onFailure: (error: Error) => void;
  readonly onClose: (flow: UdpFlow) => void;
}

/** How long an answer may be under way. */
const lastAnswerMs = 1000;

/** What a client may send in the moment before our socket is ready. */
const maxWaiting = 64;

export class UdpFlow {
  readonly endpoint: ProxyEndpoint;
  readonly #options: UdpFlowOptions;
  readonly #socket: Socket;
  readonly #idle: NodeJS.Timeout;
  /** Undefined once the socket is connected. */
  #waiting: Buffer[] | undefined = [];
  #closed = false;

  /** @param socket a fresh one; it is connected, so that a refusal is heard of and nobody else is listened to */
  constructor(socket: Socket, options: UdpFlowOptions) {
    this.#options = options;
    this.#socket = socket;
    this.endpoint = options.endpoint;
    this.#idle = setTimeout(() => this.close(), options.idleMs);
    socket.on('error', (error) => this.#fail(error));
    socket.on('message', (answer) => {
      this.#idle.refresh();
      options.onAnswer(answer);
    });
    socket.once('connect', () => this.#connected());
    socket.connect(options.endpoint.port, options.endpoint.ip);
  }

  send(message: Buffer): void {
    this.#idle.refresh();
    if (this.#waiting === undefined) this.#socket.send(message, (error) => error && this.#fail(error));
    else if (this.#waiting.length < maxWaiting) this.#waiting.push(message);
  }

  /** The endpoint is gone: nothing more is sent to it, and closed once what it has answered is here. */
  closeSoon(): void {
    clearTimeout(this.#idle);
    setTimeout(() => this.close(), lastAnswerMs).unref();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#socket.close();
    this.#options.onClose(this);
  }

  #connected(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (!this.#closed) for (const message of waiting) this.send(message);
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#options.onFailure(error);
    this.close();
  }
}
