// A program: `tcp|udp|until-eof HOST PORT COUNT`. Prints what each connection was told, or its error, as JSON.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [kind, host = '', port = '0', count = '1'] = process.argv.slice(2);

const tcp = (): Promise<unknown> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 2000 });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(JSON.parse(text)));
    socket.on('timeout', () => {
      socket.destroy();
      resolve({ error: 'ETIMEDOUT' });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code }));
  });

/** All from one port: to conntrack they are one flow. */
const udp = async (): Promise<unknown[]> => {
  const socket = createSocket('udp4');
  socket.bind(40_000);
  const answers: unknown[] = [];
  socket.on('message', (message) => answers.push(JSON.parse(message.toString())));
  socket.on('error', () => {});
  for (let index = 0; index < Number(count); index++) {
    socket.send('?', Number(port), host);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  socket.close();
  return answers;
};

const many = async (): Promise<unknown[]> => {
  const answers: unknown[] = [];
  const one = async (): Promise<void> => {
    while (answers.length + running < Number(count)) {
      running += 1;
      const answer = await tcp();
      running -= 1;
      answers.push(answer);
    }
  };
  let running = 0;
  await Promise.all(Array.from({ length: 16 }, one));
  return answers;
};

/** One connection after the other, until standard input ends. */
const untilEof = async (): Promise<unknown[]> => {
  const answers: unknown[] = [];
  let open = true;
  process.stdin.resume().on('end', () => {
    open = false;
  });
  process.stderr.write('started\n');
  while (open) answers.push(await tcp());
  return answers;
};

const run = { tcp: many, udp, 'until-eof': untilEof }[kind ?? ''];
process.stdout.write(JSON.stringify((await run?.()) ?? []), () => process.exit(0));
