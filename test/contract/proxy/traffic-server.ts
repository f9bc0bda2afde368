// A program: on port 8080 of every address, over TCP and UDP, tells the address it was reached at and the client's.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const addresses = process.argv.slice(2);
const port = 8080;

createServer((socket) => {
  socket.on('error', () => {});
  socket.end(JSON.stringify({ at: socket.localAddress, from: socket.remoteAddress }));
}).listen(port, '0.0.0.0', () => process.stdout.write('ready\n'));

// One socket each: an answer must leave from the address that was asked.
for (const at of addresses) {
  const socket = createSocket('udp4').bind(port, at);
  socket.on('message', (_message, { address, port: to }) => {
    socket.send(JSON.stringify({ at, from: address }), to, address);
  });
}
