// A program in every namespace of the topology. Its server answers with its own and the client's address. Its client
// reads commands from standard input. Each command and each answer is a line of JSON.
import { createSocket, type SocketType } from 'node:dgram';
import { connect, createServer, isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import type { Answer, Connection, FloodAnswer, PeerCommand } from './peers.ts';

const ports = [8080, 8081];
const addresses = process.argv.slice(2);
const dgram = (host: string): SocketType => (isIPv6(host) ? 'udp6' : 'udp4');

const serve = async (): Promise<void> => {
  const ready = ports.flatMap((port) =>
    addresses.flatMap((at) => {
      const tcp = Promise.withResolvers<void>();
      createServer((socket) => {
        socket.on('error', () => {});
        socket.end(JSON.stringify({ at, port, from: socket.remoteAddress }));
      }).listen({ port, host: at, backlog: 4096 }, tcp.resolve);
      const udp = Promise.withResolvers<void>();
      // One socket for each address, because an answer must leave from the requested address.
      const socket = createSocket(dgram(at)).bind(port, at, udp.resolve);
      socket.on('message', (_message, { address, port: to }) => {
        socket.send(JSON.stringify({ at, port, from: address }), to, address);
      });
      return [tcp.promise, udp.promise];
    }),
  );
  await Promise.all(ready);
};

const tcp = ({ host, port, timeoutMs }: Connection): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => {
    socket.destroy();
    resolve({ error: 'ETIMEDOUT' });
  }, timeoutMs);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? 'unknown' }));
  // The peer accepted the connection but sent no answer, so it is not an endpoint.
  socket.on('close', () => {
    clearTimeout(timer);
    resolve(text === '' ? { error: 'ECLOSED' } : JSON.parse(text));
  });
  return promise;
};

/** Uses a connected socket, because only such a socket reports ICMP errors. */
const udp = ({ host, port, timeoutMs, localPort, resendMs = timeoutMs }: Connection): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = createSocket(dgram(host));
  const timer = setTimeout(() => resolve({ error: 'ETIMEDOUT' }), timeoutMs);
  let again: NodeJS.Timeout | undefined;
  let asked = 0;
  const ask = (): void => {
    asked += 1;
    socket.send('?');
    again = setTimeout(ask, resendMs);
  };
  socket.on('message', (message) => resolve({ ...JSON.parse(message.toString()), asked }));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? 'unknown' }));
  socket.bind(localPort ?? 0, () => socket.connect(port, host, (error?: Error) => error || ask()));
  return promise.finally(() => {
    clearTimeout(timer);
    clearTimeout(again);
    socket.close();
  });
};

const once = (connection: Connection): Promise<Answer> => (connection.kind === 'udp' ? udp : tcp)(connection);

/** Opens `count` connections, a few at a time. */
const many = async (connection: Connection, count: number): Promise<Answer[]> => {
  const answers: Answer[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) answers.push(await once(connection));
  };
  await Promise.all(Array.from({ length: Math.min(16, count) }, lane));
  return answers;
};

let flood: { readonly stop: () => Promise<FloodAnswer[]> } | undefined;

/** So many that a busy machine still answers each connection in time. */
const mostOpen = 30;

/** Opens a connection every `gapMs`, even if earlier connections are still open, but not too many at once. */
const startFlood = (targets: readonly Connection[], gapMs: number): void => {
  const answers: FloodAnswer[] = [];
  const open = new Set<Promise<void>>();
  let next = 0;
  const timer = setInterval(() => {
    if (open.size >= mostOpen) return;
    const target = next++ % targets.length;
    const [begun, connection] = [Date.now(), targets[target]];
    if (!connection) return;
    const running: Promise<void> = once(connection).then((answer) => {
      answers.push({ ...answer, target, begun, ended: Date.now() });
      open.delete(running);
    });
    open.add(running);
  }, gapMs);
  flood = {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return answers;
    },
  };
};

const obey = async (command: PeerCommand): Promise<unknown> => {
  if (command.verb === 'ask') return many(command.connection, command.count);
  if (command.verb === 'stop') return (await flood?.stop()) ?? [];
  startFlood(command.targets, command.gapMs);
  return [];
};

const obeyLines = (): void => {
  process.stdout.write(`${JSON.stringify({ id: 0 })}\n`);
  createInterface(process.stdin)
    .on('line', async (line) => {
      const command = JSON.parse(line) as PeerCommand & { id: number };
      process.stdout.write(`${JSON.stringify({ id: command.id, answers: await obey(command) })}\n`);
    })
    .on('close', () => process.exit(0));
};

void serve().then(obeyLines);
