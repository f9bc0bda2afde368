// An API server that is unwell, in each way that has been seen: the rules stay as they were, and follow it when it is well again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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

/** Each resource has been asked for at least twice. */
const disturbedEnough = 6;

/** Side by side, as all of them mostly wait. */
test.concurrent.each([
  ['a page to log in', 'garbage'],
  ['an answer of another kind', 'stranger'],
  ['an error of its own', 'failing'],
  ['too many requests', 'busy'],
  ['that all versions are gone', 'gone'],
  ['half an answer', 'cut'],
  ['nothing but an end', 'closed'],
])('whom the API server gives %s keeps the rules, and catches up', async (_name, mood) => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2), service(2), slice(2, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  const before = rules(world);
  await world.disturbApi(mood);
  await world.change(slice(1, 3), { ...service(2), remove: true }, service(3), slice(3, 2));
  await eventually(
    'it has been asked often',
    async () => {
      const count = await world.disturbances();
      return count >= disturbedEnough ? { done: true, value: undefined } : { done: false, seen: String(count) };
    },
    { timeoutMs: 15_000, intervalMs: 50 },
  );
  expect(rules(world)).toBe(before);
  expect(world.healthCode()).toBe(200);
  await world.disturbApi('well');
  await world.until(
    'the rules are as they should be',
    () => leadsTo(world, '10.244.3.2'),
    () => world.log(),
  );
  expect([leadsTo(world, '10.244.1.3'), leadsTo(world, '10.244.1.2')]).toEqual([true, false]);
  expect(rules(world)).not.toContain('default/s2');
});

/** Until kube-proxy has given up a connection that says nothing, and made another. */
const patience = { timeoutMs: 60_000, intervalMs: 100 };
const follows = (world: World, endpoint: string): Promise<void> =>
  eventually(
    `rules lead to ${endpoint}`,
    async () =>
      leadsTo(world, endpoint) ? { done: true, value: undefined } : { done: false, seen: world.log().slice(-2000) },
    patience,
  );

test.concurrent('an API server that takes requests and says nothing is asked anew after a while', async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  await world.disturbApi('silent');
  await eventually(
    'it has been asked for services and slices',
    async () => ((await world.disturbances()) >= 2 ? { done: true, value: undefined } : { done: false, seen: '' }),
    patience,
  );
  // Whoever asked before this waits for good.
  await world.disturbApi('well');
  await world.change(slice(1, 3));
  expect(leadsTo(world, '10.244.1.2')).toBe(true);
  await follows(world, '10.244.1.3');
});

test.concurrent('a network that swallows all packets is noticed, and the API server followed when it is back', {
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
    'the old connection and a new one have been given up',
    async () => (failures() >= 2 ? { done: true, value: undefined } : { done: false, seen: world.log().slice(-2000) }),
    patience,
  );
  expect(leadsTo(world, '10.244.1.2')).toBe(true);
  swallow('-D');
  await follows(world, '10.244.1.3');
});

test.concurrent('connections that break all the time only delay', async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  for (let host = 3; host < 23; host++) {
    await world.disturbApi(host % 3 === 0 ? 'closed' : 'well');
    await world.change(slice(1, host));
  }
  await world.disturbApi('well');
  await world.until(
    'the last endpoint is there',
    () => leadsTo(world, '10.244.1.22'),
    () => world.log(),
  );
  expect(rules(world).match(/--to-destination/g)).toHaveLength(1);
});
