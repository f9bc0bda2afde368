// Captures packets in a network namespace with the fabric's tcpdump. Captures of the same packets are shared.
import { AgentError, type Netns, run } from './run.ts';

export interface CaptureSpec {
  readonly netns: Netns;
  /** The namespace, e.g. `net:[4026532450]`. */
  readonly id: string;
  /** libpcap shows the packets of loopback only as incoming. */
  readonly direction: 'in' | 'out' | 'inout';
  /** Of pcap-filter(7). */
  readonly filter: string;
}

export interface Capture extends AsyncDisposable {
  /** What tcpdump has printed of the packets so far: headers and contents. */
  readonly packets: string;
  /**
   * Waits until `packets` are as wanted, or until every packet that came before this call has been printed.
   * @returns whether they are as wanted
   */
  until(isWanted: (packets: string) => boolean): Promise<boolean>;
}

/** The agent's captures. A capture ends when its last user is done. */
export const createCaptures = () => {
  const open = new Map<string, { users: number; readonly running: Running }>();
  return async (spec: CaptureSpec): Promise<Capture> => {
    const key = `${spec.id} ${spec.direction} ${spec.filter}`;
    const entry = open.get(key) ?? { users: 0, running: start(spec) };
    open.set(key, entry);
    entry.users += 1;
    const { running } = entry;
    const close = async (): Promise<void> => {
      entry.users -= 1;
      if (entry.users > 0) return;
      if (open.get(key) === entry) open.delete(key);
      running.end();
    };
    try {
      await running.when(() => running.listens);
    } catch (error) {
      await close();
      throw error;
    }
    return {
      get packets() {
        return running.packets;
      },
      until: (isWanted) => settled(running, spec, isWanted),
      [Symbol.asyncDispose]: close,
    };
  };
};

export type Captures = ReturnType<typeof createCaptures>;

interface Running {
  readonly packets: string;
  readonly listens: boolean;
  /** tcpdump's own counters: the last that it has printed, and how often it has printed them. */
  readonly counters: Counters;
  /** Makes tcpdump print its counters once more. */
  count(): void;
  /** Resolves when the condition holds. Rejects when tcpdump has ended. */
  when(holds: () => boolean): Promise<void>;
  end(): void;
}

interface Counters {
  readonly times: number;
  /** Packets that the kernel has lost because tcpdump was too slow. */
  readonly lost: number;
  /** Packets that tcpdump has not printed yet. */
  readonly late: number;
}

const countersIn = (stderr: string): Counters => {
  const numbers = (what: string): number[] =>
    [...stderr.matchAll(new RegExp(`(\\d+) packets? ${what}`, 'g'))].map(([, number]) => Number(number));
  const lost = numbers('dropped by kernel');
  const late = (numbers('received by filter').at(-1) ?? 0) - (numbers('captured').at(-1) ?? 0);
  return { times: lost.length, lost: lost.at(-1) ?? 0, late };
};

/** A packet of the fabric itself. All packets before it have been printed when it is printed. */
const markPort = 9;
const longestMs = 60_000;

const start = ({ netns, direction, filter }: CaptureSpec): Running => {
  const ending = new AbortController();
  const waiting = new Set<() => void>();
  let packets = '';
  let listens = false;
  let said = '';
  let send: (signal: NodeJS.Signals) => void = () => {};
  let failure: AgentError | undefined;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const marks = `(udp and dst host 127.0.0.1 and dst port ${markPort})`;
  run(
    [
      ...['tcpdump', '-Z', 'root', '-n', '-l', '-A', '-S', '-t', '-s', '2048', '--immediate-mode'],
      ...['-i', 'any', '-Q', direction, `(${filter}) or ${marks}`],
    ],
    {
      netns,
      timeoutMs: longestMs,
      isCompanion: true,
      signal: ending.signal,
      onStart: (sendTo) => {
        send = sendTo;
      },
      until: (stdout, stderr) => {
        packets = stdout;
        said = stderr;
        listens ||= /listening on/.test(stderr);
        wake();
        return false;
      },
    },
  )
    .then(
      ({ stderr }) => new AgentError('FABRIC_CAPTURE', `the capture of packets ended: ${stderr.trim().slice(-300)}`),
    )
    .catch((error: AgentError) => error)
    .then((error) => {
      failure = error;
      wake();
    });
  return {
    get packets() {
      return packets;
    },
    get listens() {
      return listens;
    },
    get counters() {
      return countersIn(said);
    },
    count: () => send('SIGUSR1'),
    when(holds) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (holds()) resolve();
        else if (failure) reject(failure);
      };
      waiting.add(look);
      look();
      return promise.finally(() => waiting.delete(look));
    },
    end: () => ending.abort(),
  };
};

/** A namespace whose loopback is down gets no mark. Then the packets count that were printed by now. */
const markMs = 3000;

/** @throws AgentError `FABRIC_CAPTURE` when a packet that was not seen may be one that was lost */
const settled = async (
  running: Running,
  { netns, direction }: CaptureSpec,
  isWanted: (packets: string) => boolean,
): Promise<boolean> => {
  if (isWanted(running.packets)) return true;
  const mark = `mark-${crypto.randomUUID()}`;
  await run(['bash', '-c', `echo ${mark} > /dev/udp/127.0.0.1/${markPort}`], { netns, timeoutMs: markMs });
  await inTime(running.when(() => isWanted(running.packets) || running.packets.includes(mark)));
  if (isWanted(running.packets)) return true;
  const { times } = running.counters;
  running.count();
  await inTime(running.when(() => running.counters.times > times));
  const { lost, late } = running.counters;
  if (isWanted(running.packets)) return true;
  // A capture of what leaves has no marks, because loopback shows them as incoming.
  const isBehind = late > 0 && direction !== 'out' && !running.packets.includes(mark);
  if (lost > 0 || isBehind)
    throw new AgentError('FABRIC_CAPTURE', 'there are so many packets that labs has missed some');
  return false;
};

const inTime = async (work: Promise<void>): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, markMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
