// Packets while services and endpoints change, in every proxy mode: affinity, deletions, swapped addresses, new types.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAnswers } from '../../support/proxy/expect-packet.ts';
import { foreignRules } from '../../support/proxy/foreign.ts';
import { modes } from '../../support/proxy/modes.ts';
import { masked } from '../../support/proxy/packet-cases.ts';
import { type Entry, target } from '../../support/proxy/packet-services.ts';
import { addresses, type Family, type Place } from '../../support/proxy/places.ts';
import { changesOf, clusterIp, removalOf, type Sketch, serviceOf } from '../../support/proxy/sketch.ts';
import { nodeObject, Topology } from '../../support/proxy/topology.ts';
import { put } from '../../support/proxy/world.ts';

const families = ['IPv4', 'IPv6'] as const;
const sticky = (timeoutSeconds: number) => ({
  sessionAffinity: 'ClientIP' as const,
  sessionAffinityConfig: { clientIP: { timeoutSeconds } },
});
/** Errors of a TCP connection to an address without a service. Some modes refuse; others forward the packet. */
const unserved = /^(ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH)$/;
const silenceMs = 400;

describe.each(modes)('in mode $name', ({ name: mode, backend, flag }) => {
  let topology: Topology;

  beforeAll(async () => {
    topology = await Topology.create(backend);
    foreignRules.add(topology.world);
    await topology.world.change(nodeObject);
    await topology.startProxy(flag, '--cluster-cidr=10.244.0.0/16,fd00:244::/32');
  });
  afterAll(() => topology?.[Symbol.asyncDispose]());

  const asked = (sketch: Sketch, family: Family, by: Entry = 'cluster') => ({
    ...{ from: 'outside' as Place, family },
    ...target(sketch, by, family),
  });
  const endpoints = async (sketch: Sketch, family: Family, count: number): Promise<string[]> => {
    const answers = await topology.ask('outside', { kind: 'tcp', ...target(sketch, 'cluster', family) }, count);
    expect(answers.filter(({ error }) => error)).toEqual([]);
    return [...new Set(answers.map(({ at }) => at ?? ''))];
  };
  const expectUnserved = async (sketch: Sketch, family: Family, by: Entry = 'cluster'): Promise<void> => {
    const to = { kind: 'tcp' as const, ...target(sketch, by, family), timeoutMs: silenceMs };
    const [answer] = await topology.ask('outside', to);
    expect(answer?.error).toMatch(unserved);
  };

  describe.each(families)('over %s', (family) => {
    const one = (place: Place): string => addresses[place][family];
    const places = { [one('p1')]: 'p1', [one('p2')]: 'p2', [one('r1')]: 'r1' } as const;

    test('keeps a client at its endpoint, and moves it when the endpoint is removed', async () => {
      const sketch: Sketch = { name: 'sticky', number: 31, spec: sticky(600), endpoints: ['p1', 'p2', 'r1'] };
      await topology.apply(...changesOf(sketch));
      const [first = '', ...others] = await endpoints(sketch, family, 30);
      expect(others).toEqual([]);
      const left = sketch.endpoints.filter((place) => place !== places[first]);
      await topology.apply(...changesOf({ ...sketch, endpoints: left }));
      const [second = '', ...more] = await endpoints(sketch, family, 30);
      expect(more).toEqual([]);
      expect(left).toContain(places[second]);
    });

    // IPVS remembers a client for two minutes after the last connection. This is too long for a test.
    const forgets = mode === 'ipvs' ? [] : [1];
    test.each(forgets)('may move a client that was silent for more than %i s to another endpoint', async (seconds) => {
      const sketch: Sketch = { name: 'forgetful', number: 32, spec: sticky(seconds), endpoints: ['p1', 'p2', 'r1'] };
      await topology.apply(...changesOf(sketch));
      const seen = new Set<string>();
      const look = async () => {
        const now = await endpoints(sketch, family, 5);
        expect(now).toHaveLength(1);
        seen.add(now[0] ?? '');
        return seen.size > 1 ? undefined : `only ${now}`;
      };
      // Each request renews the affinity, so wait longer than the timeout between requests.
      await topology.until('another endpoint answers', look, seconds * 1300);
    });

    test('refuses, serves and refuses again as a service gets and loses its only endpoint', async () => {
      const sketch: Sketch = { name: 'pulse', number: 33, endpoints: [] };
      const full = { ...sketch, endpoints: ['r1'] as const };
      await topology.apply(...changesOf(sketch));
      const none = { fails: mode === 'userspace' ? 'closed' : 'refused' } as const;
      for (const [next, want] of [
        [sketch, none],
        [full, masked('r1')],
        [sketch, none],
        [full, masked('r1')],
      ] as const) {
        await topology.apply(...changesOf(next));
        await expectAnswers(topology, asked(next, family), want);
      }
    });

    test('stops serving the cluster IP and the node port of a deleted service', async () => {
      const sketch: Sketch = { name: 'gone', number: 34, spec: { type: 'NodePort' }, endpoints: ['p1'] };
      await topology.apply(...changesOf(sketch));
      for (const by of ['cluster', 'nodePort'] as const)
        await expectAnswers(topology, asked(sketch, family, by), masked('p1'));
      await topology.apply(...removalOf(sketch));
      for (const by of ['cluster', 'nodePort'] as const) await expectUnserved(sketch, family, by);
    });

    test('closes the node port when the service becomes a ClusterIP service', async () => {
      const sketch: Sketch = { name: 'closing', number: 35, spec: { type: 'NodePort' }, endpoints: ['p1'] };
      await topology.apply(...changesOf(sketch));
      await expectAnswers(topology, asked(sketch, family, 'nodePort'), masked('p1'));
      await topology.apply(...changesOf({ ...sketch, spec: {} }));
      await expectUnserved(sketch, family, 'nodePort');
      await expectAnswers(topology, asked(sketch, family), masked('p1'));
    });

    test('switches a port from TCP to UDP and back', async () => {
      const tcp: Sketch = { name: 'becoming', number: 36, endpoints: ['p2'] };
      const udp: Sketch = { ...tcp, protocol: 'UDP' };
      await topology.apply(...changesOf(tcp));
      await expectAnswers(topology, asked(tcp, family), masked('p2'));
      await topology.apply(...changesOf(udp));
      await expectAnswers(topology, { ...asked(udp, family), kind: 'udp' }, masked('p2'));
      await expectUnserved(tcp, family);
      await topology.apply(...changesOf(tcp));
      await expectAnswers(topology, asked(tcp, family), masked('p2'));
    });

    test('keeps serving a port that was renamed', async () => {
      const sketch: Sketch = { name: 'renamed', number: 37, endpoints: ['p1'] };
      for (const portName of ['http', 'web', 'http']) {
        await topology.apply(...changesOf({ ...sketch, portName }));
        await expectAnswers(topology, asked(sketch, family), masked('p1'));
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
      await expectAnswers(topology, asked(left, family), masked('r1'));
      await expectAnswers(topology, asked(right, family), masked('p1'));
    });

    test('moves a UDP client to another endpoint when its endpoint is removed', async () => {
      const sketch: Sketch = { name: 'lossy', number: 40, protocol: 'UDP', endpoints: ['p1'] };
      await topology.apply(...changesOf(sketch));
      const flow = { kind: 'udp' as const, ...target(sketch, 'cluster', family), localPort: 40_000, timeoutMs: 500 };
      const answersFrom = (place: Place) => async () => {
        const [answer] = await topology.ask('outside', flow);
        return answer?.at === one(place) ? undefined : JSON.stringify(answer);
      };
      await topology.until('the first endpoint answers', answersFrom('p1'));
      await topology.apply(...changesOf({ ...sketch, endpoints: ['p2'] }));
      await topology.until('the second endpoint answers the same client', answersFrom('p2'));
    });

    test('answers a UDP client that sent packets before the first endpoint existed', async () => {
      const sketch: Sketch = { name: 'early', number: 41, protocol: 'UDP', spec: { type: 'NodePort' }, endpoints: [] };
      await topology.apply(...changesOf(sketch));
      const to = target(sketch, 'nodePort', family);
      const flow = { kind: 'udp' as const, ...to, localPort: 40_001, timeoutMs: 300 };
      expect((await topology.ask('outside', flow))[0]?.error).toBeDefined();
      await topology.apply(...changesOf({ ...sketch, endpoints: ['p1'] }));
      await topology.until('the same client is answered', async () => {
        const [answer] = await topology.ask('outside', flow);
        return answer?.error;
      });
    });
  });

  test('keeps the rules of other programs in the same tables', () => {
    expect(foreignRules.missing(topology.world)).toEqual([]);
  });
});
