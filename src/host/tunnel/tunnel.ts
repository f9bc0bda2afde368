// Listens on the loopback addresses of this machine. A program in a container is the other end of each connection.
import { createServer, type Server, type Socket } from 'node:net';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { ExecSession } from '../docker/port.ts';

export interface Tunnel extends AsyncDisposable {
  /** The port of 127.0.0.1 and, if the machine has IPv6, of ::1. */
  readonly port: number;
}

export interface TunnelOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Starts the program whose input and output are the other end of a connection. */
  readonly dial: () => Promise<ExecSession>;
  /** Called when a connection gets no other end. */
  readonly onFailure: (reason: string) => void;
}

/** @throws LabError LAB_PORT_TAKEN, LAB_PORT_REFUSED */
export const openTunnel = async (options: TunnelOptions): Promise<Tunnel> => {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Without a listener, a client that resets its connection would end labs.
    socket.on('error', () => {});
    void connect(socket, options);
  };
  const first = await listen(accept, options.port, '127.0.0.1');
  const { port } = first.address() as { port: number };
  // Browsers try ::1 for `localhost`. A machine without IPv6 refuses it.
  const second = await listen(accept, port, '::1').catch(() => undefined);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const server of [first, second]) server?.close();
    },
  };
};

const listen = (accept: (socket: Socket) => void, port: number, host: string): Promise<Server> => {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer({ allowHalfOpen: true }, accept);
  server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, port)));
  server.listen({ port, host, exclusive: true }, () => resolve(server));
  return promise;
};

const refusal = (error: NodeJS.ErrnoException, port: number): LabError =>
  error.code === 'EACCES'
    ? new LabError('LAB_PORT_REFUSED', `Only root may listen on port ${port}`, {
        cause: error,
        exitCode: ExitCode.usage,
        hint: `Choose a port above 1023, for example ${8000 + port}:${port}.`,
      })
    : new LabError('LAB_PORT_TAKEN', `Port ${port} of this machine is in use`, {
        cause: error,
        exitCode: ExitCode.usage,
        hint: 'Choose another port in front of the colon. `ss -ltnp` shows the program that uses this one.',
      });

const connect = async (socket: Socket, { dial, onFailure }: TunnelOptions): Promise<void> => {
  try {
    const session = await dial();
    let said = '';
    session.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-500);
    });
    socket.on('close', () => session.close());
    // The program may end before the client does. Its end closes the connection below.
    session.stdin.on('error', () => {});
    socket.pipe(session.stdin);
    session.stdout.pipe(socket);
    const exitCode = await session.exitCode.catch(() => 0);
    if (exitCode === 0) return;
    onFailure(said.trim());
    socket.resetAndDestroy();
  } catch (error) {
    onFailure((error as Error).message);
    socket.resetAndDestroy();
  }
};
