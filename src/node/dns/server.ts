// Serves DNS over UDP and TCP (RFC 1035, RFC 7766).
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { type Answer, decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { rcodes } from './answer.ts';

export interface DnsServerOptions {
  readonly address: string;
  readonly port: number;
  /** Answers one query; must not throw. */
  readonly respond: (query: Packet) => Packet;
}

export interface DnsServer {
  /** The port of both sockets. Useful if port 0 was requested. */
  readonly port: number;
  readonly close: () => void;
}

const maxUdp = 1232;
const idleMs = 10_000;

/** Listens on UDP and TCP. @throws the error of bind: EADDRINUSE, EADDRNOTAVAIL, EACCES */
export const startDnsServer = async (options: DnsServerOptions): Promise<DnsServer> => {
  const udp = await startUdp(options);
  const { port } = udp.address();
  try {
    const tcp = await startTcp({ ...options, port });
    const close = (): void => {
      udp.close();
      tcp.close();
    };
    return { port, close };
  } catch (error) {
    udp.close();
    throw error;
  }
};

const startUdp = async ({ address, port, respond }: DnsServerOptions): Promise<UdpSocket> => {
  const socket = createSocket({ type: 'udp4' });
  socket.on('message', (message, from) => {
    const reply = handle(message, respond, maxUdp);
    if (reply) socket.send(reply, from.port, from.address);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', reject);
  socket.bind({ address, port }, resolve);
  await promise;
  // An ICMP error, e.g. because a client has gone, must not stop the server.
  socket.removeListener('error', reject).on('error', () => {});
  return socket;
};

const startTcp = async ({ address, port, respond }: DnsServerOptions): Promise<Server> => {
  const server = createServer((socket) => serve(socket, respond));
  server.maxConnections = 200;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, address, resolve);
  await promise;
  server.removeListener('error', reject).on('error', () => {});
  return server;
};

/** Over TCP, two bytes with the length precede each message. */
const serve = (socket: Socket, respond: DnsServerOptions['respond']): void => {
  let buffered = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0);
      const reply = handle(buffered.subarray(2, end), respond, 65_535);
      buffered = buffered.subarray(end);
      if (!reply) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
};

/** @returns undefined for a message that is not a query. Two servers that answered responses would never stop. */
const handle = (message: Buffer, respond: DnsServerOptions['respond'], limit: number): Buffer | undefined => {
  if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
  try {
    const query = decode(message);
    const response = respond(query);
    const size = Math.min(limit, sizeFor(query, limit));
    const full = encode(response);
    return full.length <= size ? full : truncate(response, size);
  } catch {
    return encode({ type: 'response', id: message.readUInt16BE(0), flags: rcodes.FORMERR, questions: [] });
  }
};

/** The maximum size of a response. Over UDP it is 512 bytes, or the size that the client allows (EDNS). */
const sizeFor = (query: Packet, limit: number): number => {
  if (limit > maxUdp) return limit;
  const opt = query.additionals?.find(({ type }) => type === 'OPT');
  return Math.max(512, opt?.type === 'OPT' ? opt.udpPayloadSize : 512);
};

/**
 * Shortens a response and sets TC, so that the client asks again over TCP. A client without TCP can use the remaining
 * answers.
 */
const truncate = (response: Packet, limit: number): Buffer => {
  const flags = (response.flags ?? 0) | TRUNCATED_RESPONSE;
  const additionals = (response.additionals ?? []).filter(({ type }) => type === 'OPT');
  const encoded = (answers: Answer[]): Buffer => encode({ ...response, flags, answers, authorities: [], additionals });
  let answers = response.answers ?? [];
  while (answers.length > 0 && encoded(answers).length > limit)
    answers = answers.slice(0, Math.floor(answers.length * 0.8));
  return encoded(answers);
};
