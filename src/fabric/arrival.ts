// Proves that a probe arrived where it should: its packets are seen in the network namespace of the endpoint itself.
// Rejected: the answer's text, because any server may give the same, and the server's log, which a student can write.
import { randomBytes, randomInt } from 'node:crypto';
import { type Arrival, probePorts, type Stage } from '../api/probes.ts';
import { parseIpv4 } from '../api/scalars.ts';
import type { Capture, Captures } from './capture.ts';
import type { Namespace } from './namespaces.ts';
import { find } from './place.ts';
import type { ProcessTable } from './processes.ts';
import { AgentError } from './run.ts';

/** The header that carries the secret of one request. */
export const probeHeader = 'X-Labs-Probe';

export const newSecret = (): string => randomBytes(16).toString('hex');

export interface ArrivalWatch extends AsyncDisposable {
  /** Whether the request with this secret, and its connection (see `sawConnection`), came to a place of each stage. */
  sawRequest(secret: string, relayed: boolean): Promise<boolean>;
  /** Whether the packets with these secrets came to a place of each stage. */
  sawAll(secrets: readonly string[]): Promise<boolean>;
  /**
   * Whether a connection of the prober came to a place of each stage. Address translation keeps the number that the
   * kernel chose for the first byte. A proxy in between (`relayed`) opens a connection of its own.
   */
  sawConnection(relayed: boolean): Promise<boolean>;
  /**
   * For each place of the last stage: how many of the requests with these secrets came to it, and to no other. No more
   * than connections of the prober came to it.
   */
  countRequests(secrets: readonly string[], relayed: boolean): Promise<readonly number[]>;
  /** For each place of the last stage: how many connections of the prober came to it. */
  countConnections(): Promise<readonly number[]>;
}

export interface WatchOptions {
  readonly table: ProcessTable;
  readonly captures: Captures;
  readonly stages: readonly Stage[];
  /** Also watch the connections that this prober opens. */
  readonly prober?: Prober;
  /** Which packets say that a probe has arrived. The fewer, the less can be lost when there are many. */
  readonly sends: Sends;
}

export type Sends =
  | { readonly kind: 'connections' | 'queries' }
  /** Over HTTP, with this method. */
  | { readonly kind: 'requests'; readonly method: string };

export interface Prober {
  readonly namespace: Namespace;
  /** The local ports that the prober may use. */
  readonly ports: LocalPorts;
}

export interface LocalPorts {
  readonly first: number;
  readonly last: number;
}

/** Several, because one may be taken. */
export const someLocalPorts = (): LocalPorts => portsOfEach(1)[0] as LocalPorts;

const portsEach = 21;

/** For several connections: different ports for each of them. */
export const portsOfEach = (times: number): readonly LocalPorts[] => {
  const start = randomInt(probePorts.first, probePorts.last + 1 - portsEach * times);
  return Array.from({ length: times }, (_, index) => {
    const first = start + portsEach * index;
    return { first, last: first + portsEach - 1 };
  });
};

export const watchArrivals = async ({
  table,
  captures,
  stages,
  prober,
  sends,
}: WatchOptions): Promise<ArrivalWatch> => {
  await using stack = new AsyncDisposableStack();
  const watch = async (arrival: Arrival): Promise<Capture | undefined> => {
    const found = await findEndpoint(table, arrival);
    if (!found) return undefined;
    stack.use(found);
    const { id, netns } = found.namespace;
    return stack.use(
      await captures({
        id,
        netns,
        direction: arrival.leaves ? 'out' : 'in',
        filter: `${filterOf(arrival)} and (${filters(sends)})`,
      }),
    );
  };
  const [own, ...watchedStages] = await Promise.all([
    prober && stages.length > 0 ? captureDepartures(captures, prober).then((capture) => stack.use(capture)) : undefined,
    ...stages.map((stage) => Promise.all(stage.map(watch))),
  ]);
  const watched = watchedStages.map((stage) => stage.filter((capture) => capture !== undefined));
  const allSaw = async (isWanted: (packets: string) => boolean): Promise<boolean> =>
    (await Promise.all(watched.map((stage) => anySaw(stage, isWanted)))).every(Boolean);
  const settled = (): Promise<unknown> =>
    Promise.all([own, ...watched.flat()].map((capture) => capture?.until(() => false)));
  /** @param marksIn finds in packets what tells the requests apart */
  const count = (sent: ReadonlySet<string>, marksIn: (packets: string) => readonly string[]): readonly number[] => {
    const seen = watchedStages.map((stage) => stage.map((capture) => new Set(marksIn(capture?.packets ?? ''))));
    const last = seen.pop() ?? [];
    const came = [...sent].filter((mark) => seen.every((stage) => stage.some((marks) => marks.has(mark))));
    // What comes to two places is relayed from one to the other, so nobody knows which of them has answered.
    const counted = came.filter((mark) => last.filter((marks) => marks.has(mark)).length === 1);
    return last.map((marks) => counted.filter((mark) => marks.has(mark)).length);
  };
  const sawConnection = async (relayed: boolean): Promise<boolean> => {
    if (relayed || !own || !prober) return allSaw((packets) => beginningsIn(packets).length > 0);
    await own.until((packets) => beginningsIn(packets).some((beginning) => isOf(prober, beginning)));
    const numbers = numbersOf(prober, own);
    return allSaw((packets) => numbersIn(packets).some((number) => numbers.has(number)));
  };
  const connections = (): readonly number[] => count(prober && own ? numbersOf(prober, own) : new Set(), numbersIn);
  const kept = stack.move();
  return {
    sawRequest: async (secret, relayed) =>
      (await allSaw((packets) => packets.includes(secret))) && (await sawConnection(relayed)),
    sawAll: async (secrets) =>
      (await Promise.all(secrets.map((secret) => allSaw((packets) => packets.includes(secret))))).every(Boolean),
    sawConnection,
    async countRequests(secrets, relayed) {
      await settled();
      const requests = count(new Set(secrets), secretsIn);
      if (relayed) return requests;
      const opened = connections();
      return requests.map((number, index) => Math.min(number, opened[index] ?? 0));
    },
    async countConnections() {
      await settled();
      return connections();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

/** Undefined: the endpoint does not exist, so nothing arrives there. */
const findEndpoint = (table: ProcessTable, { place }: Arrival) =>
  find(table, place).catch((error) => {
    if (error instanceof AgentError && ['FABRIC_NO_POD', 'FABRIC_NO_NETNS', 'FABRIC_MOVED'].includes(error.code))
      return undefined;
    throw error;
  });

const filterOf = ({ address, port }: Arrival): string =>
  `dst host ${parseIpv4(address)}${port === undefined ? '' : ` and dst port ${Number(port)}`}`;

const beginning = 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn';

const filters = (sends: Sends): string => {
  if (sends.kind !== 'requests') return sends.kind === 'queries' ? 'udp' : beginning;
  // The first packet of a request begins with its method; bodies, and most of what others send, do not.
  const start = Buffer.from(`${sends.method} /   `).readUInt32BE();
  return `(${beginning}) or tcp[((tcp[12] & 0xf0) >> 2):4] == ${start}`;
};

const captureDepartures = (captures: Captures, { namespace: { id, netns } }: Prober): Promise<Capture> =>
  captures({ id, netns, direction: 'inout', filter: beginning });

const anySaw = async (endpoints: readonly Capture[], isWanted: (packets: string) => boolean): Promise<boolean> => {
  if (endpoints.some(({ packets }) => isWanted(packets))) return true;
  return (await Promise.all(endpoints.map((capture) => capture.until(isWanted)))).some(Boolean);
};

const secretsIn = (packets: string): readonly string[] =>
  [...packets.matchAll(new RegExp(`${probeHeader}: ([0-9a-f]{32})`, 'gi'))].map(([, secret = '']) => secret);

const isOf = ({ ports }: Prober, { port }: Beginning): boolean => port >= ports.first && port <= ports.last;

/** Of the connections that the prober has opened. */
const numbersOf = (prober: Prober, { packets }: Capture): ReadonlySet<string> => {
  const all = beginningsIn(packets);
  const own = all.filter((beginning) => isOf(prober, beginning));
  // A node may have given the packets other ports, as masquerading does.
  return new Set((own.length > 0 ? own : all).map(({ number }) => number));
};

const numbersIn = (packets: string): readonly string[] => beginningsIn(packets).map(({ number }) => number);

/** The first packet of a connection: its source port and its sequence number. */
interface Beginning {
  readonly port: number;
  readonly number: string;
}

const beginningsIn = (packets: string): readonly Beginning[] =>
  [...packets.matchAll(/IP [\d.]+\.(\d+) > \S+: Flags \[S[EW]*\], seq (\d+),/g)].map(([, port, number = '']) => ({
    port: Number(port),
    number,
  }));
