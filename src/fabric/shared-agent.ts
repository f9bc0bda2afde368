// One agent for all `labs check --watch` of a lab. The first one serves its own streams and a socket; the others reach
// it through the socket. It goes on when the first one leaves.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { type Handlers, serve } from './agent.ts';

/**
 * Serves until nobody is left. Reads nothing of its input before it knows that it is the only one.
 * @param name of an abstract socket: it belongs to the fabric's network namespace, and it ends with its process, so no
 *   agent that was killed leaves it behind
 * @returns false: another agent began at the same moment
 */
export const serveShared = async (handlers: Handlers, name: string): Promise<boolean> => {
  const { stdin, stdout } = process;
  const open = new Set<Promise<void>>();
  const server = createServer((socket) => {
    // Who leaves without a word must not end the agent of the others.
    socket.on('error', () => {});
    const serving = serve(handlers, socket, socket)
      .catch(() => {})
      .finally(() => {
        socket.end();
        open.delete(serving);
      });
    open.add(serving);
  });
  if (!(await listens(server, `\0${name}`))) return false;
  stdout.on('error', () => {});
  await serve(handlers, stdin, stdout);
  while (open.size > 0) await Promise.all(open);
  return true;
};

const listens = async (server: Server, path: string): Promise<boolean> => {
  server.listen(path);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  }
};
