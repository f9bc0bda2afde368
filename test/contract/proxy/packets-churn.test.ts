// Traffic while hundreds of services change: every connection is answered by an endpoint that its service had at that
// time.
import { beforeAll, describe, expect, test } from 'vitest';
import { type ModeName, modesOfChanges } from '../../support/proxy/modes.ts';
import { target } from '../../support/proxy/packet-services.ts';
import type { FloodAnswer } from '../../support/proxy/peers.ts';
import { addresses, type Family, type Place } from '../../support/proxy/places.ts';
import { changesOf, type Sketch } from '../../support/proxy/sketch.ts';
import { nodeObject, type Topology } from '../../support/proxy/topology.ts';
import { useTopology } from '../../support/proxy/use-topology.ts';
import { type Change, put } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

/** A slow machine gets fewer services. */
const slowness = Number(process.env.TEST_PATIENCE ?? 1);
const others = Math.round((isLong ? 1000 : 150) / slowness);
const rounds = Math.round((isLong ? 14 : 6) / Math.sqrt(slowness));
/** In each round, this many other services get new endpoints, and as many are deleted or created. */
const churned = Math.round((isLong ? 60 : 30) / slowness);
/** Each client opens a connection this often. Only the relays of userspace mode handle each connection themselves. */
const gapMsIn = (mode: ModeName): number => (mode === 'userspace' ? 12 : 8) * (isLong ? 1 : 2) * slowness ** 1.5;
/** On a busy machine, an answer over UDP may take longer than the 250 ms after which a relay forgets its client. */
const patient = (mode: ModeName): string[] => (mode === 'userspace' ? ['--udp-timeout=10s'] : []);
const sets: readonly (readonly Place[])[] = [['p1'], ['p2', 'r1'], ['p1', 'r2'], ['r1'], ['p2']];

const other = (index: number): { readonly name: string; readonly ip: string } => ({
  name: `other-${index}`,
  ip: `10.97.${index >> 8}.${index & 255}`,
});
const otherService = (index: number): Change =>
  put.service({
    metadata: { name: other(index).name, namespace: 'test' },
    spec: { clusterIP: other(index).ip, ports: [{ name: 'a', port: 80 }] },
  });
const otherSlice = (index: number, round = 0): Change => {
  const { name } = other(index);
  return put.slice({
    metadata: { name: `${name}-1`, namespace: 'test', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'a', protocol: 'TCP', port: 8080 }],
    endpoints: [1, 2].map((host) => ({
      addresses: [`10.245.${index & 255}.${((round + host) % 250) + 1}`],
      conditions: { ready: true },
    })),
  });
};
const indexes = Array.from({ length: others }, (_, index) => index);

/** The services that get traffic: one of each kind that has its own chains. */
const watched: readonly Omit<Sketch, 'endpoints'>[] = [
  { name: 'plain', number: 101 },
  { name: 'open', number: 102, spec: { type: 'NodePort' } },
  { name: 'balanced', number: 103, spec: { type: 'LoadBalancer' } },
  { name: 'udp', number: 104, protocol: 'UDP' },
];
const targets = watched.flatMap((sketch) =>
  (['IPv4', 'IPv6'] as const).flatMap((family) =>
    (sketch.name === 'open' ? (['cluster', 'nodePort'] as const) : ['cluster' as const]).map((by) => ({
      sketch,
      family,
      ...target({ ...sketch, endpoints: [] }, by, family),
    })),
  ),
);

/** A period in which the watched services had these endpoints. The last era has no end. */
interface Era {
  readonly begins: number;
  ends: number;
  readonly places: readonly Place[];
}

const churn = (round: number): Change[] => {
  const first = (round * churned) % others;
  const slices = indexes.slice(first, first + churned).map((index) => otherSlice(index, round));
  const moved = [...indexes.slice(0, churned)].map((step) => otherService((first + churned + step) % others));
  return [...slices, ...moved.map((change) => (round % 2 === 0 ? { ...change, remove: true } : change))];
};

/** Describes each failed connection and each wrong endpoint. */
const describeWrongAnswers = (answers: readonly FloodAnswer[], eras: readonly Era[]): string[] =>
  answers.flatMap(({ target: number, at, error, begun, ended }) => {
    const family: Family = targets[number]?.family ?? 'IPv4';
    const right = eras.filter((era) => era.begins <= ended && era.ends >= begun).flatMap(({ places }) => places);
    if (at !== undefined && right.some((place) => addresses[place][family] === at)) return [];
    return [`${targets[number]?.sketch.name} over ${family}: ${error ?? at} at ${begun}, expected one of ${right}`];
  });

const topologyFor = useTopology();

describe.each(modesOfChanges)('in mode $name', ({ name, backend, flag }) => {
  let topology: Topology;

  beforeAll(async () => {
    topology = await topologyFor(backend);
    const first = watched.flatMap((sketch) => changesOf({ ...sketch, endpoints: sets[0] ?? [] }));
    await topology.world.change(
      nodeObject,
      ...first,
      ...indexes.flatMap((index) => [otherService(index), otherSlice(index)]),
    );
    await topology.startProxy(flag, '--cluster-cidr=10.244.0.0/16,fd00:244::/32', ...patient(name));
  });

  test('answers every connection from an endpoint of that time', async () => {
    const eras: Era[] = [{ begins: 0, ends: Number.POSITIVE_INFINITY, places: sets[0] ?? [] }];
    const connections = targets.map(({ sketch, host, port }) => ({
      kind: sketch.protocol === 'UDP' ? ('udp' as const) : ('tcp' as const),
      // kube-proxy forgets the UDP flows of an endpoint that is gone, as the original does. An answer that is on its
      // way then is lost, but the same client has to be answered when it asks again.
      ...{ host, port, timeoutMs: 5000, resendMs: 1000 },
    }));
    const clients = (['p3', 'node', 'outside'] as const).map((place) => topology.peer(place));
    for (const client of clients) await client.flood(connections, gapMsIn(name));
    for (let round = 1; round <= rounds; round++) {
      const places = sets[round % sets.length] ?? [];
      const era: Era = { begins: Date.now(), ends: Number.POSITIVE_INFINITY, places };
      await topology.apply(
        ...churn(round),
        ...watched.flatMap((sketch) => changesOf({ ...sketch, endpoints: places })),
      );
      for (const before of eras.slice(-1)) before.ends = Date.now();
      eras.push(era);
    }
    const answers = (await Promise.all(clients.map((client) => client.stop()))).flat();
    expect(new Set(answers.map((answer) => answer.target)).size).toBe(targets.length);
    expect(describeWrongAnswers(answers, eras)).toEqual([]);
    const again = answers.filter(({ asked = 1 }) => asked > 1).length;
    if (again > 0) console.log(`${name}: ${again} of ${answers.length} answers came only when UDP clients asked again`);
    // A change may cost each client one answer of each UDP service.
    const udpServices = connections.filter(({ kind }) => kind === 'udp').length;
    expect(again).toBeLessThanOrEqual(rounds * clients.length * udpServices);
  });
});
