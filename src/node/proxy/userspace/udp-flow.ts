// The packets between one UDP client and its endpoint.
import type { Socket } from 'node:dgram';
import type { ProxyEndpoint } from '../types.ts';

export interface UdpFlowOptions {
  readonly endpoint: ProxyEndpoint;
  readonly idleMs: number;
  readonly onAnswer: (answer: Buffer) => void;
  /** Called, for example, when the endpoint refuses packets. The flow then closes. */
  readonly onFailure: (error: Error) => void;
  readonly onClose: (flow: UdpFlow) => void;
}

/** How long to wait for replies of a removed endpoint. */
const lastAnswerMs = 1000;

/** Packets that are kept until the socket is connected. */
const maxWaiting = 64;

export class UdpFlow {
  readonly endpoint: ProxyEndpoint;
  readonly #options: UdpFlowOptions;
  readonly #socket: Socket;
  readonly #idle: NodeJS.Timeout;
  /** Undefined once the socket is connected. */
  #waiting: Buffer[] | undefined = [];
  #closed = false;

  /**
   * @param socket a new one. The flow connects it, so that it reports refusals and gets no packets from other
   *   addresses.
   */
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

  /** Closes the flow after the last replies have arrived. Call it when the endpoint is removed. */
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
