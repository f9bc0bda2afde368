// Gathers facts through the fabric: each once, all of a place in one call, everything side by side.
import type { FabricMethod, FabricMethods, FactName, Place } from '../../api/fabric.ts';
import type { CheckScript, ExpectedScript, LabHandle } from '../../api/lab.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { LabError, messageOf } from '../../kit/error.ts';
import type { ClusterAccess } from './access.ts';
import { type Fact, type FactRequest, keyOf, type Spot } from './facts.ts';
import { importScript } from './script.ts';

export interface Collector {
  readonly access: ClusterAccess;
  /** What check scripts of the lab are given. */
  readonly handle: () => LabHandle;
}

/** Gathers the facts. Never rejects: what can't be had is a fact that says so. */
export const collect = async (
  { access, handle }: Collector,
  requests: readonly FactRequest[],
): Promise<ReadonlyMap<string, Fact>> => {
  const unique = new Map(requests.map((request) => [keyOf(request), request]));
  const kernel = [...unique.values()].filter((request) => request.kind === 'facts');
  const others = [...unique].filter(([, { kind }]) => kind !== 'facts');
  const gathered = await Promise.all([
    ...placesOf(kernel).map((place) => collectPlace(access, place)),
    ...others.map(async ([key, request]) => [[key, await safely(() => collectOne(access, handle, request))] as const]),
  ]);
  return new Map(gathered.flat());
};

type KernelRequest = Extract<FactRequest, { kind: 'facts' }>;

const placesOf = (requests: readonly KernelRequest[]): readonly (readonly KernelRequest[])[] => [
  ...Map.groupBy(requests, ({ spot }) => `${spot.machine} ${spot.podIp ?? ''}`).values(),
];

const collectPlace = async (
  access: ClusterAccess,
  requests: readonly KernelRequest[],
): Promise<readonly (readonly [string, Fact])[]> => {
  const want: readonly FactName[] = [...new Set(requests.map((request) => request.want))];
  const spot = (requests[0] as KernelRequest).spot;
  const fact = await safely(() => access.fabric.call('facts', { place: placeOf(access, spot), want }));
  return requests.map((request) => [keyOf(request), fact] as const);
};

const safely = async (work: () => Promise<unknown>): Promise<Fact> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, cause: messageOf(error), ...(error instanceof LabError ? { code: error.code } : {}) };
  }
};

const placeOf = (access: ClusterAccess, { machine, podIp }: Spot): Place => {
  const pid = pidOf(access, machine);
  return podIp === undefined ? { machine, pid } : { machine, pid, podIp: podIp as Ipv4 };
};

const pidOf = (access: ClusterAccess, machine: string): number => {
  const found = access.machines.find(({ name }) => name === machine);
  if (!found) throw new Error(`${machine} isn't running`);
  return found.pid;
};

type Call = <M extends FabricMethod>(
  method: M,
  params: FabricMethods[M]['params'],
) => Promise<FabricMethods[M]['result']>;

const collectOne = async (access: ClusterAccess, handle: () => LabHandle, request: FactRequest): Promise<unknown> => {
  const call: Call = (method, params) => access.fabric.call(method, params);
  switch (request.kind) {
    case 'objects':
      return listObjects(call, request.path);
    case 'http': {
      const { spot, url, method, host, timeoutMs } = request;
      const headers = host === undefined ? {} : { headers: { host } };
      return call('http', { place: placeOf(access, spot), url, method, timeoutMs, ...headers });
    }
    case 'tcp': {
      const { spot, host, port, timeoutMs } = request;
      return call('tcp', { place: placeOf(access, spot), host, port, timeoutMs });
    }
    case 'lookup': {
      const { spot, name, nameserver, timeoutMs } = request;
      return call('lookup', { place: placeOf(access, spot), name, nameserver: nameserver as Ipv4, timeoutMs });
    }
    case 'file': {
      const { machine, path, tailBytes } = request;
      return call('readFile', { machine, pid: pidOf(access, machine), path, tailBytes });
    }
    case 'check':
      return withTimeout(request.timeoutMs, async () =>
        (await importScript<CheckScript>(request.file, 'check'))(handle()),
      );
    case 'expected': {
      const script = await importScript<ExpectedScript>(request.file, 'expected');
      const answer = await script(handle());
      return typeof answer === 'string' ? [answer] : answer;
    }
    case 'facts':
      throw new Error('facts are gathered by place');
  }
};

const listObjects = async (call: Call, path: string): Promise<unknown> => {
  const { status, body } = await call('kube', { path });
  if (status === 200) return (body as { items?: unknown }).items ?? [];
  throw new Error(`${path} answered ${status}: ${(body as { message?: string } | null)?.message ?? ''}`);
};

const withTimeout = async <T>(timeoutMs: number, work: () => Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the script took longer than ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
};
