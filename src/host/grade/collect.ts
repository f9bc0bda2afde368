// Gathers facts through the fabric: each fact once, all facts of one place in one call, all calls in parallel.
import type { FabricMethod, FabricMethods } from '../../api/fabric.ts';
import type { FactName, Place } from '../../api/facts.ts';
import type { Arrival, SeriesProbe, Stage } from '../../api/probes.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { LabError, messageOf } from '../../kit/error.ts';
import type { LabCalls } from '../script/calls.ts';
import type { ClusterAccess, FabricCallOptions } from './access.ts';
import type { ChangeOutcome, ChangeRequest } from './change/types.ts';
import {
  type Endpoint,
  type Fact,
  type FactRequest,
  type FactStore,
  keyOf,
  MissingFacts,
  noChanges,
  type Spot,
  spotOf,
  Unmet,
  unmetCode,
} from './facts.ts';
import { digestOf } from './hashed.ts';
import { runCheck, runExpected } from './scripted.ts';

export interface Collector {
  readonly access: ClusterAccess;
  /** Makes what the lab's check scripts can ask for. */
  readonly calls: () => LabCalls;
  /** Changes the cluster and undoes it. Absent: this look must not change it. */
  readonly change?: (request: ChangeRequest) => Promise<ChangeOutcome>;
  readonly signal: AbortSignal;
}

/** One look at the cluster. Each fact is asked for once. */
export interface Look {
  /** All facts gathered so far. */
  readonly store: FactStore;
  /** Resolves when the store has these facts. Never rejects: the store holds the reason of a failure as the fact. */
  gather(requests: readonly FactRequest[]): Promise<void>;
  /** The fact with this key is asked for again. Who waits for its old value does not wait any longer. */
  forget(key: string): void;
}

interface Asked {
  /** The store has the fact, or the fact was forgotten. */
  readonly settled: Promise<void>;
  readonly release: () => void;
}

/** Starts a look. Each caller of `gather` waits only for its own facts, not for the slow probe of another caller. */
export const startLook = (collector: Collector): Look => {
  const { access } = collector;
  const store = new Map<string, Fact>();
  const asked = new Map<string, Asked>();
  const places = new Map<string, PlaceBatch>();

  const start = (key: string, request: FactRequest): Asked => {
    const { promise: settled, resolve: release } = Promise.withResolvers<void>();
    const question = { settled, release };
    const fact = request.kind === 'facts' ? placeFacts(request) : safely(() => collectOne(collector, request));
    fact.then((value) => {
      if (asked.get(key) === question) store.set(key, value);
      release();
    });
    return question;
  };
  /** Requests for facts of one place in the same turn of the event loop go into one call. */
  const placeFacts = ({ spot, want }: KernelRequest): Promise<Fact> => {
    const key = `${spot.machine} ${spot.podIp ?? ''} ${spot.netns ?? ''}`;
    const open = places.get(key);
    if (open) {
      open.want.add(want);
      return open.fact;
    }
    const wanted = new Set<FactName>([want]);
    const fact = nextTurn().then(() => {
      places.delete(key);
      return safely(() => access.fabric.call('facts', { place: placeOf(access, spot), want: [...wanted] }));
    });
    places.set(key, { want: wanted, fact });
    return fact;
  };
  return {
    store,
    async gather(requests) {
      await Promise.all(
        requests.map((request) => {
          const key = keyOf(request);
          const question = asked.get(key) ?? start(key, request);
          asked.set(key, question);
          return question.settled;
        }),
      );
    },
    forget(key) {
      store.delete(key);
      asked.get(key)?.release();
      asked.delete(key);
    },
  };
};

/** Asks a question again and again, and gathers the missing facts in between, until the question has an answer. */
export const settle = async <T>(look: Look, question: () => T, signal: AbortSignal): Promise<T> => {
  for (;;) {
    signal.throwIfAborted();
    try {
      return question();
    } catch (error) {
      if (!(error instanceof MissingFacts)) throw error;
      await look.gather(error.requests);
    }
  }
};

interface PlaceBatch {
  readonly want: Set<FactName>;
  readonly fact: Promise<Fact>;
}

type KernelRequest = Extract<FactRequest, { kind: 'facts' }>;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const safely = async (work: () => Promise<unknown>): Promise<Fact> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = error instanceof LabError ? error.code : error instanceof Unmet ? unmetCode : undefined;
    return { ok: false, cause: messageOf(error), ...(code === undefined ? {} : { code }) };
  }
};

export const placeOf = (access: ClusterAccess, spot: Spot): Place => {
  const { podIp, ...rest } = spotOf(spot);
  return { ...rest, pid: pidOf(access, spot.machine), ...(podIp === undefined ? {} : { podIp: podIp as Ipv4 }) };
};

const stagesOf = (access: ClusterAccess, stages: readonly (readonly Endpoint[])[]): readonly Stage[] =>
  stages.map((stage) => stage.map((endpoint) => arrivalOf(access, endpoint)));

const arrivalOf = (access: ClusterAccess, { spot, address, port, leaves }: Endpoint): Arrival => ({
  place: placeOf(access, spot),
  address: address as Ipv4,
  ...(port === undefined ? {} : { port }),
  ...(leaves ? { leaves } : {}),
});

const pidOf = (access: ClusterAccess, machine: string): number => {
  const found = access.machines.find(({ name }) => name === machine);
  if (!found) throw new Error(`${machine} is not running`);
  return found.pid;
};

type Call = <M extends FabricMethod>(
  method: M,
  params: FabricMethods[M]['params'],
  options?: FabricCallOptions,
) => Promise<FabricMethods[M]['result']>;

const collectOne = async (collector: Collector, request: FactRequest): Promise<unknown> => {
  const { access } = collector;
  const call: Call = (method, params, options) => access.fabric.call(method, params, options);
  switch (request.kind) {
    case 'objects':
      return listObjects(call, request.path);
    case 'dataplane':
      return call('dataplane', { machines: access.machines.map(({ name, pid }) => ({ machine: name, pid })) });
    case 'change': {
      const { kind: _, ...change } = request;
      if (!collector.change) throw new LabError(noChanges, 'this look must not change the cluster');
      return collector.change(change);
    }
    case 'twin': {
      const { kind: _, ...params } = request;
      // A kube-proxy of its own starts for each node.
      return access.fabric.call('twin', params, { timeoutMs: 60_000 });
    }
    case 'http': {
      const { spot, url, method, host, timeoutMs, stages, relayed } = request;
      const headers = host === undefined ? {} : { headers: { host } };
      const at = { ...(stages ? { stages: stagesOf(access, stages) } : {}), ...(relayed ? { relayed } : {}) };
      return call('http', { place: placeOf(access, spot), url, method, timeoutMs, ...headers, ...at });
    }
    case 'tcp': {
      const { spot, host, port, timeoutMs, stages, relayed } = request;
      const at = stages ? { stages: stagesOf(access, stages) } : {};
      return call('tcp', {
        place: placeOf(access, spot),
        host,
        port,
        timeoutMs,
        ...at,
        ...(relayed ? { relayed } : {}),
      });
    }
    case 'series':
      return call('series', seriesOf(access, request), { timeoutMs: seriesMs });
    case 'lookup': {
      const { kind: _, spot, nameserver, stages, ...question } = request;
      const at = stages ? { stages: stagesOf(access, stages) } : {};
      return call('lookup', { place: placeOf(access, spot), nameserver: nameserver as Ipv4, ...question, ...at });
    }
    case 'sysctl':
      return call('sysctl', { place: placeOf(access, request.spot), name: request.name });
    case 'file': {
      const { machine, path, tailBytes } = request;
      return call('readFile', { machine, pid: pidOf(access, machine), path, tailBytes });
    }
    case 'journal': {
      const { machine, unit } = request;
      return call('journal', { machine, pid: pidOf(access, machine), unit });
    }
    case 'digest':
      return digestOf(request);
    case 'check':
      return runCheck(access.scripts, { ...request, calls: collector.calls(), signal: collector.signal });
    case 'expected':
      return runExpected(access.scripts, { ...request, calls: collector.calls(), signal: collector.signal });
    case 'facts':
      throw new Error('facts of the kernel are gathered by place');
  }
};

/** The fabric ends a series by itself long before. */
const seriesMs = 60_000;

const seriesOf = (
  access: ClusterAccess,
  { times, stages, request }: Extract<FactRequest, { kind: 'series' }>,
): SeriesProbe => {
  const place = placeOf(access, request.spot);
  const common = { times, stages: stagesOf(access, stages) };
  if (request.kind === 'tcp') {
    const { spot: _, ...probe } = request;
    return { ...common, probe: { ...probe, place } };
  }
  const { spot: _, host, ...probe } = request;
  return { ...common, probe: { ...probe, place, ...(host === undefined ? {} : { headers: { host } }) } };
};

const listObjects = async (call: Call, path: string): Promise<unknown> => {
  const { status, body } = await call('kube', { path });
  if (status === 200) return (body as { items?: unknown }).items ?? [];
  throw new Error(`${path} answered ${status}: ${(body as { message?: string } | null)?.message ?? ''}`);
};
