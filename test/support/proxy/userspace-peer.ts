// A program, both ends of connections through kube-proxy. `pods ADDRESS…` serves; the other commands are clients.
// `clients` reads requests from standard input, one JSON array of arguments a line, and answers in the same order.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Request {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  readonly timeoutMs: number;
}

const [role = '', ...argv] = process.argv.slice(2);

const requestOf = ([host = '', port = '0', count = '1', timeoutMs = '10000']: readonly string[]): Request => ({
  host,
  port: Number(port),
  count: Number(count),
  timeoutMs: Number(timeoutMs),
});

/** Ports of the server: the addresses of both ends; an echo; a digest of the whole input, at its end; a reset. */
const ports = { who: 8080, echo: 8081, digest: 8082, reset: 8083 };

const serve = (at: string): Promise<unknown>[] => {
  const tcp = (kind: keyof typeof ports, onConnection: (socket: Socket) => void): Promise<unknown> => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    });
    return once(server.listen({ port: ports[kind], host: at, backlog: 4096 }), 'listening');
  };
  const udp = createSocket({ type: at.includes(':') ? 'udp6' : 'udp4' }).bind(ports.who, at);
  udp.on('message', (message, { address, port: to }) => {
    udp.send(JSON.stringify({ at, from: address, asked: message.toString() }), to, address);
  });
  return [
    once(udp, 'listening'),
    tcp('who', (socket) => socket.resume().end(JSON.stringify({ at, from: socket.remoteAddress }))),
    tcp('echo', (socket) => socket.pipe(socket)),
    tcp('digest', (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => hash.update(chunk)).on('end', () => socket.end(hash.digest('hex')));
    }),
    tcp('reset', (socket) => socket.on('data', () => socket.resetAndDestroy())),
  ];
};

/** `who HOST PORT COUNT TIMEOUT`: opens COUNT connections, eight at a time. */
const who = async (request: Request): Promise<unknown[]> => {
  const answers: unknown[] = [];
  let left = request.count;
  const one = async (): Promise<void> => {
    while (left-- > 0) answers.push(await askOnce(request));
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return answers;
};

const askOnce = async (request: Request): Promise<unknown> => {
  const socket = open(request, request.timeoutMs);
  try {
    const text = Buffer.concat(await Array.fromAsync(socket)).toString();
    return text === '' ? { error: 'EOF' } : JSON.parse(text);
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code };
  } finally {
    // Half of the connection is open until then, and a reset of it would end this program.
    socket.destroy();
  }
};

const open = ({ host, port }: Request, timeout?: number): Socket => {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  if (timeout !== undefined)
    socket.setTimeout(timeout, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
  return socket;
};

/** `send HOST PORT BYTES`: sends BYTES, half-closes, reads to the end. Prints digests of both directions. */
const send = async (request: Request): Promise<unknown> => {
  const socket = open(request);
  const [sent, got] = [createHash('sha256'), createHash('sha256')];
  let [received, head] = [0, ''];
  const answered = (async () => {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got.update(chunk);
      received += chunk.length;
      if (head.length < 100) head += chunk.toString('latin1').slice(0, 100);
    }
  })();
  for (let left = request.count; left > 0; left -= 65_536) {
    const chunk = Buffer.alloc(Math.min(left, 65_536), left);
    sent.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  await answered;
  socket.destroy();
  return { sent: sent.digest('hex'), got: got.digest('hex'), received, head };
};

/**
 * `hold HOST PORT COUNT`: opens COUNT echo connections at once and reports on standard error when all are open. When
 * standard input ends, uses each connection again and counts the answers.
 */
const hold = async (request: Request): Promise<unknown> => {
  const sockets = Array.from({ length: request.count }, () => open(request));
  const ask = (socket: Socket, text: string): Promise<boolean> => {
    if (socket.readableEnded || socket.destroyed) return Promise.resolve(false);
    socket.write(text);
    const answered = once(socket, 'data').then(([chunk]) => String(chunk) === text);
    const ended = once(socket, 'end').then(() => false);
    return Promise.race([answered, ended]).catch(() => false);
  };
  const before = await Promise.all(sockets.map((socket, index) => ask(socket, `first ${index}`)));
  process.stderr.write('open\n');
  await once(process.stdin.resume(), 'end');
  const after = await Promise.all(sockets.map((socket, index) => ask(socket, `second ${index}`)));
  return { before: before.filter(Boolean).length, after: after.filter(Boolean).length };
};

/** `udp HOST PORT COUNT`: sends COUNT packets from one socket; each waits up to two seconds for its answer. */
const udp = async ({ host, port, count }: Request): Promise<unknown[]> => {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  // A connected socket drops answers from any other address.
  await new Promise<void>((resolve) => socket.connect(port, host, resolve));
  const answers: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => resolve({ error: 'ETIMEDOUT' }), 2000);
    socket.once('message', (message) => resolve(JSON.parse(message.toString())));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code }));
    socket.send(`${index}`);
    answers.push(await promise);
    clearTimeout(timer);
    socket.removeAllListeners();
  }
  socket.close();
  return answers;
};

/**
 * `load HOST PORT COUNT TIMEOUT`: COUNT lanes connect again and again until standard input ends. Prints a dot for each.
 */
const load = async (request: Request): Promise<unknown> => {
  let [over, made, failed] = [false, 0, 0];
  const lane = async (): Promise<void> => {
    while (!over) {
      const answer = (await askOnce(request)) as { error?: string };
      if (answer.error) failed += 1;
      else made += 1;
      process.stderr.write('.');
    }
  };
  process.stdin.resume().once('end', () => {
    over = true;
  });
  await Promise.all(Array.from({ length: request.count }, lane));
  return { made, failed };
};

const roles: Readonly<Record<string, (request: Request) => Promise<unknown>>> = { who, send, hold, udp, load };
const answer = async (name: string, words: readonly string[]): Promise<string> =>
  JSON.stringify((await roles[name]?.(requestOf(words))) ?? null);

/** Answers may take their time side by side; each waits for the ones before it. */
const answerLines = async (): Promise<void> => {
  let before = Promise.resolve();
  for await (const line of createInterface(process.stdin)) {
    const [name = '', ...words] = JSON.parse(line) as string[];
    const now = answer(name, words);
    before = before.then(async () => void process.stdout.write(`${await now}\n`));
  }
};

const main = async (): Promise<void> => {
  if (role === 'pods') {
    await Promise.all(argv.flatMap(serve));
    process.stdout.write('ready\n');
  } else if (role === 'clients') {
    await answerLines();
  } else {
    process.stdout.write(await answer(role, argv), () => process.exit(0));
  }
};

void main();
