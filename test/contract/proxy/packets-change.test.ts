// Packets while services and endpoints change, in every proxy mode: affinity, deletions, swapped addresses, new types.
import { beforeAll, describe, expect, test } from 'vitest';
import { expectAnswers } from '../../support/proxy/expect-packet.ts';
import { foreignRules } from '../../support/proxy/foreign.ts';
import { modesOfChanges } from '../../support/proxy/modes.ts';
import { masked, type Want } from '../../support/proxy/packet-cases.ts';
import { type Entry, target } from '../../support/proxy/packet-services.ts';
import { addresses, type Family, type Place } from '../../support/proxy/places.ts';
import { changesOf, clusterIp, removalOf, type Sketch, serviceOf } from '../../support/proxy/sketch.ts';
import { nodeObject, type Topology } from '../../support/proxy/topology.ts';
import { useTopology } from '../../support/proxy/use-topology.ts';
import { put } from '../../support/proxy/world.ts';

const families = ['IPv4', 'IPv6'] as const;
const sticky = (timeoutSeconds: number) => ({
  sessionAffinity: 'ClientIP' as const,
  sessionAffinityConfig: { clientIP: { timeoutSeconds } },
});
/** Errors of a TCP connection to an address without a service. Some modes refuse; others forward the packet. */
const unserved = /^(ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH)$/;
const silenceMs = 400;

const topologyFor = useTopology();

describe.each(modesOfChanges)('in mode $name', ({ name: mode, backend, flag }) => {
  let topology: Topology;

  beforeAll(async () => {
    topology = await topologyFor(backend);
    foreignRules.add(topology.world);
    await topology.world.change(nodeObject);
    await topology.startProxy(flag, '--cluster-cidr=10.244.0.0/16,fd00:244::/32');
  });

  /** Each answer over both address families. */
  const expectFromOutside = async (sketch: Sketch, want: Want, by: Entry = 'cluster'): Promise<void> => {
    const kind = sketch.protocol === 'UDP' ? ('udp' as const) : ('tcp' as const);
    for (const family of families)
      await expectAnswers(topology, { from: 'outside', family, kind, ...target(sketch, by, family) }, want);
  };
  const expectUnserved = async (sketch: Sketch, by: Entry = 'cluster'): Promise<void> => {
    for (const family of families) {
      const to = { kind: 'tcp' as const, ...target(sketch, by, family), timeoutMs: silenceMs };
      const [answer] = await topology.ask('outside', to);
      expect(answer?.error, family).toMatch(unserved);
    }
  };
  /** Asks `count` times. @returns the only endpoint that answered */
  const onlyEndpoint = async (sketch: Sketch, family: Family, count = 30): Promise<Place> => {
    const answers = await topology.ask('outside', { kind: 'tcp', ...target(sketch, 'cluster', family) }, count);
    expect(answers.filter(({ error }) => error)).toEqual([]);
    const [only, ...others] = new Set(answers.map(({ at }) => at));
    expect(others, family).toEqual([]);
    const place = (Object.keys(addresses) as Place[]).find((each) => addresses[each][family] === only);
    if (!place || !sketch.endpoints.includes(place)) throw new Error(`${only} is no endpoint of ${sketch.name}`);
    return place;
  };

  test('keeps a client at its endpoint, and moves it when the endpoint is removed', async () => {
    const sketch: Sketch = { name: 'sticky', number: 31, spec: sticky(600), endpoints: ['p1', 'p2', 'r1'] };
    await topology.apply(...changesOf(sketch));
    const first = { IPv4: await onlyEndpoint(sketch, 'IPv4'), IPv6: await onlyEndpoint(sketch, 'IPv6') };
    for (const family of families) {
      const left = sketch.endpoints.filter((place) => place !== first[family]);
      await topology.apply(...changesOf({ ...sketch, endpoints: left }));
      expect(left).toContain(await onlyEndpoint(sketch, family));
    }
  });

  // IPVS remembers a client for two minutes after the last connection. This is too long for a test.
  const forgets = mode === 'ipvs' ? [] : [1];
  test.each(forgets)('may move a client that was silent for more than %i s to another endpoint', async (seconds) => {
    const sketch: Sketch = { name: 'forgetful', number: 32, spec: sticky(seconds), endpoints: ['p1', 'p2', 'r1'] };
    await topology.apply(...changesOf(sketch));
    const seen = { IPv4: new Set<string>(), IPv6: new Set<string>() };
    const look = async () => {
      for (const family of families) seen[family].add(await onlyEndpoint(sketch, family, 5));
      const stayed = families.filter((family) => seen[family].size < 2);
      return stayed.length === 0 ? undefined : `only one endpoint over ${stayed.join(' and ')}`;
    };
    // Each request renews the affinity, so wait longer than the timeout between requests.
    await topology.until('another endpoint answers', look, seconds * 1300);
  });

  test('refuses, serves and refuses again as a service gets and loses its only endpoint', async () => {
    const sketch: Sketch = { name: 'pulse', number: 33, endpoints: [] };
    const full = { ...sketch, endpoints: ['r1'] as const };
    const none = { fails: mode === 'userspace' ? 'closed' : 'refused' } as const;
    for (const [next, want] of [
      [sketch, none],
      [full, masked('r1')],
      [sketch, none],
      [full, masked('r1')],
    ] as const) {
      await topology.apply(...changesOf(next));
      await expectFromOutside(next, want);
    }
  });

  test('stops serving the cluster IP and the node port of a deleted service', async () => {
    const sketch: Sketch = { name: 'gone', number: 34, spec: { type: 'NodePort' }, endpoints: ['p1'] };
    await topology.apply(...changesOf(sketch));
    for (const by of ['cluster', 'nodePort'] as const) await expectFromOutside(sketch, masked('p1'), by);
    await topology.apply(...removalOf(sketch));
    for (const by of ['cluster', 'nodePort'] as const) await expectUnserved(sketch, by);
  });

  test('closes the node port when the service becomes a ClusterIP service', async () => {
    const sketch: Sketch = { name: 'closing', number: 35, spec: { type: 'NodePort' }, endpoints: ['p1'] };
    await topology.apply(...changesOf(sketch));
    await expectFromOutside(sketch, masked('p1'), 'nodePort');
    await topology.apply(...changesOf({ ...sketch, spec: {} }));
    await expectUnserved(sketch, 'nodePort');
    await expectFromOutside(sketch, masked('p1'));
  });

  test('switches a port from TCP to UDP and back', async () => {
    const tcp: Sketch = { name: 'becoming', number: 36, endpoints: ['p2'] };
    const udp: Sketch = { ...tcp, protocol: 'UDP' };
    await topology.apply(...changesOf(tcp));
    await expectFromOutside(tcp, masked('p2'));
    await topology.apply(...changesOf(udp));
    await expectFromOutside(udp, masked('p2'));
    await expectUnserved(tcp);
    await topology.apply(...changesOf(tcp));
    await expectFromOutside(tcp, masked('p2'));
  });

  test('keeps serving a port that was renamed', async () => {
    const sketch: Sketch = { name: 'renamed', number: 37, endpoints: ['p1'] };
    for (const portName of ['http', 'web', 'http']) {
      await topology.apply(...changesOf({ ...sketch, portName }));
      await expectFromOutside(sketch, masked('p1'));
    }
  });

  test('follows two services that swap their addresses', async () => {
    const left: Sketch = { name: 'left', number: 38, endpoints: ['p1'] };
    const right: Sketch = { name: 'right', number: 39, endpoints: ['r1'] };
    await topology.apply(...changesOf(left), ...changesOf(right));
    const withAddress = (sketch: Sketch, { number }: Sketch) => {
      const service = serviceOf(sketch);
      const { IPv4, IPv6 } = clusterIp(number);
      return put.service({ ...service, spec: { ...service.spec, clusterIP: IPv4, clusterIPs: [IPv4, IPv6] } });
    };
    await topology.apply(withAddress(left, right), withAddress(right, left));
    await expectFromOutside(left, masked('r1'));
    await expectFromOutside(right, masked('p1'));
  });

  test('moves a UDP client to another endpoint when its endpoint is removed', async () => {
    const sketch: Sketch = { name: 'lossy', number: 40, protocol: 'UDP', endpoints: ['p1'] };
    await topology.apply(...changesOf(sketch));
    const answersFrom = (place: Place, family: Family) => async () => {
      const to = { kind: 'udp' as const, ...target(sketch, 'cluster', family), localPort: 40_000, timeoutMs: 500 };
      const [answer] = await topology.ask('outside', to);
      return answer?.at === addresses[place][family] ? undefined : JSON.stringify(answer);
    };
    for (const family of families) await topology.until('the first endpoint answers', answersFrom('p1', family));
    await topology.apply(...changesOf({ ...sketch, endpoints: ['p2'] }));
    for (const family of families)
      await topology.until('the second endpoint answers the same client', answersFrom('p2', family));
  });

  test('answers a UDP client that sent packets before the first endpoint existed', async () => {
    const sketch: Sketch = { name: 'early', number: 41, protocol: 'UDP', spec: { type: 'NodePort' }, endpoints: [] };
    await topology.apply(...changesOf(sketch));
    const error = (family: Family) => async () => {
      const to = { kind: 'udp' as const, ...target(sketch, 'nodePort', family), localPort: 40_001, timeoutMs: 300 };
      return (await topology.ask('outside', to))[0]?.error;
    };
    for (const family of families) expect(await error(family)(), family).toBeDefined();
    await topology.apply(...changesOf({ ...sketch, endpoints: ['p1'] }));
    for (const family of families) await topology.until('the same client is answered', error(family));
  });

  test('keeps the rules of other programs in the same tables', () => {
    expect(foreignRules.missing(topology.world)).toEqual([]);
  });
});
