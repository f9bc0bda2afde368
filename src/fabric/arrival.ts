// Proves that a probe arrived where it should: its packets are seen in the network namespace of the endpoint itself.
// Rejected: the answer's text, because any server may give the same, and the server's log, which a student can write.
import { randomBytes, randomInt } from 'node:crypto';
import type { Arrival, Stage } from '../api/fabric.ts';
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
  /** Whether the request with this secret came to a place of each stage. */
  sawRequest(secret: string): Promise<boolean>;
  /**
   * Whether a connection of the prober came to a place of each stage. Address translation keeps the number that the
   * kernel chose for the first byte. A proxy in between (`relayed`) opens a connection of its own.
   */
  sawConnection(relayed: boolean): Promise<boolean>;
}

export interface WatchOptions {
  readonly table: ProcessTable;
  readonly captures: Captures;
  readonly stages: readonly Stage[];
  /** Also watch the connections that this prober opens. */
  readonly prober?: Prober;
}

export interface Prober {
  readonly namespace: Namespace;
  /** The local ports that the prober may use. */
  readonly ports: LocalPorts;
}

export interface LocalPorts {
  readonly first: number;
  readonly last: number;
}

/** Below the ports that the kernel gives to other programs. Several, because one may be taken. */
export const someLocalPorts = (): LocalPorts => {
  const first = randomInt(10_000, 32_700);
  return { first, last: first + 20 };
};

export const watchArrivals = async ({ table, captures, stages, prober }: WatchOptions): Promise<ArrivalWatch> => {
  await using stack = new AsyncDisposableStack();
  const watch = async (arrival: Arrival): Promise<readonly Capture[]> => {
    const found = await findEndpoint(table, arrival);
    if (!found) return [];
    stack.use(found);
    const { id, netns } = found.namespace;
    return [stack.use(await captures({ id, netns, direction: 'in', filter: filterOf(arrival) }))];
  };
  const [own, ...watched] = await Promise.all([
    prober && stages.length > 0 ? captureDepartures(captures, prober).then((capture) => stack.use(capture)) : undefined,
    ...stages.map(async (stage) => (await Promise.all(stage.map(watch))).flat()),
  ]);
  const allSaw = async (isWanted: (packets: string) => boolean): Promise<boolean> =>
    (await Promise.all(watched.map((stage) => anySaw(stage, isWanted)))).every(Boolean);
  const kept = stack.move();
  return {
    sawRequest: (secret) => allSaw((packets) => packets.includes(secret)),
    sawConnection: async (relayed) => {
      if (relayed || !own || !prober) return allSaw((packets) => beginningsIn(packets).length > 0);
      const ofProber = ({ port }: Beginning): boolean => port >= prober.ports.first && port <= prober.ports.last;
      await own.until((packets) => beginningsIn(packets).some(ofProber));
      const all = beginningsIn(own.packets);
      // A node may have given the packet another port, as masquerading does.
      const sent = all.some(ofProber) ? all.filter(ofProber) : all;
      const numbers = new Set(sent.map(({ number }) => number));
      return allSaw((packets) => beginningsIn(packets).some(({ number }) => numbers.has(number)));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

/** Undefined: the endpoint does not exist, so nothing arrives there. */
const findEndpoint = (table: ProcessTable, { place }: Arrival) =>
  find(table, place).catch((error) => {
    if (error instanceof AgentError && ['FABRIC_NO_POD', 'FABRIC_MOVED'].includes(error.code)) return undefined;
    throw error;
  });

const filterOf = ({ address, port }: Arrival): string =>
  `dst host ${parseIpv4(address)}${port === undefined ? '' : ` and dst port ${Number(port)}`}`;

const captureDepartures = (captures: Captures, { namespace: { id, netns } }: Prober): Promise<Capture> =>
  captures({ id, netns, direction: 'inout', filter: 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' });

const anySaw = async (endpoints: readonly Capture[], isWanted: (packets: string) => boolean): Promise<boolean> => {
  if (endpoints.some(({ packets }) => isWanted(packets))) return true;
  return (await Promise.all(endpoints.map((capture) => capture.until(isWanted)))).some(Boolean);
};

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
