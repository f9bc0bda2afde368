// kube-proxy keeps its rules while the API server fails in various ways, and applies the missed changes afterwards.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../src/kit/eventually.ts';
import { put, World } from '../../support/proxy/world.ts';

const service = (index: number) =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index}`, ports: [{ name: 'p', port: 80 }] },
  });
const slice = (index: number, host: number) =>
  put.slice({
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [`10.244.${index}.${host}`], conditions: { ready: true } }],
  });
const rules = (world: World): string => world.save().replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '');
const leadsTo = (world: World, endpoint: string): boolean => rules(world).includes(`--to-destination ${endpoint}:8080`);

const apiPort = (world: World): string =>
  /https:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(join(world.folder, 'kubeconfig'), 'utf8'))?.[1] ?? '';

/** Long enough for kube-proxy to give up a silent connection and to open another. */
const patience = { timeoutMs: 60_000, intervalMs: 100 };

/** Waits until so many requests for services and so many for endpointslices got a faulty answer. */
const disturbed = (world: World, times: number): Promise<void> =>
  eventually(
    `services and endpointslices were each requested ${times} times`,
    async () => {
      const counts = await world.disturbances();
      const enough = counts.services >= times && counts.endpointslices >= times;
      return enough ? { done: true, value: undefined } : { done: false, seen: JSON.stringify(counts) };
    },
    patience,
  );

describe('keeps the rules while the API server answers wrongly, then catches up', () => {
  /** One kube-proxy for all faults. Each fault has its own endpoints, so that no rule is from the fault before. */
  let world: World;
  let host = 2;
  beforeAll(async () => {
    world = await World.create();
    await world.change(service(1), slice(1, host));
    await world.startProxy('--cluster-cidr=10.244.0.0/16');
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  test.each([
    ['a login page', 'garbage'],
    ['an object of another kind', 'otherKind'],
    ['an internal error', 'failing'],
    ['too many requests', 'busy'],
    ['"resource version is gone"', 'gone'],
    ['half a response', 'cut'],
    ['only a closed connection', 'closed'],
  ])('%s', async (_name, fault) => {
    const old = { changed: `10.244.1.${host}`, removed: host, removedEndpoint: `10.244.${host}.2` };
    await world.change(service(old.removed), slice(old.removed, 2));
    await world.until('the service is in the rules', () => leadsTo(world, old.removedEndpoint));
    const before = rules(world);
    await world.disturbApi(fault);
    host += 1;
    await world.change(slice(1, host), { ...service(old.removed), remove: true }, service(99), slice(99, host));
    await disturbed(world, 2);
    expect(rules(world)).toBe(before);
    expect(world.healthCode()).toBe(200);
    await world.disturbApi('none');
    // Services and slices are two lists, so one of them is up to date before the other.
    const state = () => ({
      isAdded: leadsTo(world, `10.244.99.${host}`),
      isChanged: leadsTo(world, `10.244.1.${host}`) && !leadsTo(world, old.changed),
      isRemoved: !rules(world).includes(`default/s${old.removed}:`),
    });
    await world.until(
      'the rules follow the changes',
      () => Object.values(state()).every(Boolean),
      () => `${JSON.stringify(state())}\n${world.log()}`,
    );
  });
});

const follows = (world: World, endpoint: string): Promise<void> =>
  eventually(
    `rules lead to ${endpoint}`,
    async () =>
      leadsTo(world, endpoint) ? { done: true, value: undefined } : { done: false, seen: world.log().slice(-2000) },
    patience,
  );

test.concurrent('reconnects to an API server that accepts requests but never answers', async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  await world.disturbApi('silent');
  await disturbed(world, 1);
  // Requests from before this line never get an answer.
  await world.disturbApi('none');
  await world.change(slice(1, 3));
  expect(leadsTo(world, '10.244.1.2')).toBe(true);
  await follows(world, '10.244.1.3');
});

test.concurrent('notices that the network drops all packets, and catches up when it works again', {
  timeout: 150_000,
}, async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  const swallow = (verb: '-I' | '-D'): void => {
    for (const option of ['--sport', '--dport'])
      world.exec('iptables', verb, 'INPUT', '-p', 'tcp', option, apiPort(world), '-j', 'DROP');
  };
  swallow('-I');
  await world.change(slice(1, 3));
  const failures = (): number => world.log().match(/List and watch failed.* resource="endpointslices"/g)?.length ?? 0;
  await eventually(
    'kube-proxy gave up the old connection and a new one',
    async () => (failures() >= 2 ? { done: true, value: undefined } : { done: false, seen: world.log().slice(-2000) }),
    patience,
  );
  expect(leadsTo(world, '10.244.1.2')).toBe(true);
  swallow('-D');
  await follows(world, '10.244.1.3');
});

test.concurrent('reaches the last state although connections keep breaking', async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  for (let host = 3; host < 23; host++) {
    await world.disturbApi(host % 3 === 0 ? 'closed' : 'none');
    await world.change(slice(1, host));
  }
  await world.disturbApi('none');
  await world.until(
    'the last endpoint is in the rules',
    () => leadsTo(world, '10.244.1.22'),
    () => world.log(),
  );
  expect(rules(world).match(/--to-destination/g)).toHaveLength(1);
});
