import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findGateway } from '../../../src/host/cluster/gateway.ts';
import { startCluster } from '../../../src/host/cluster/start.ts';
import { deleteCluster, stopCluster } from '../../../src/host/cluster/stop.ts';
import { portsFor } from '../../../src/host/plan/gateway.ts';
import { LabError } from '../../../src/kit/error.ts';
import { quietly, request, World } from './world.ts';

let world: World;
let busy: Server | undefined;
beforeEach(() => {
  world = new World();
});
afterEach(() => {
  busy?.close();
  busy = undefined;
});

const start = async () => {
  const started = await startCluster(world, request(), quietly());
  await started.cluster[Symbol.asyncDispose]();
  return started;
};
const portOf = async (): Promise<number> => (await findGateway(world, 'x'))?.port ?? 0;
const gateway = () => world.containers.get('labs-x_gateway');

/** Another program of the user's machine listens on the port. An error means that one does already. */
const occupy = (port: number): Promise<void> =>
  new Promise((resolve) => {
    busy = createServer().once('error', () => resolve());
    busy.listen(port, '127.0.0.1', resolve);
  });

test('has no capability, no writable file, and one port on the loopback address', async () => {
  await start();
  expect(gateway()?.spec).toMatchObject({
    network: 'bridge',
    dropCapabilities: ['ALL'],
    readOnly: true,
    mounts: [{ source: 'labs-x_gateway', path: '/srv/gateway', readOnly: true }],
    ports: [{ container: 6443, host: await portOf(), address: '127.0.0.1' }],
  });
  expect(gateway()?.spec.capabilities).toBeUndefined();
});

test('no other container of the lab has a network', async () => {
  await start();
  const networks = [...world.containers.values()].map(({ spec }) => `${spec.name} ${spec.network}`).sort();
  expect(networks.filter((line) => !line.endsWith(' none'))).toEqual(['labs-x_gateway bridge']);
});

test('keeps its port over a stop and a resume', async () => {
  await start();
  const before = await portOf();
  await stopCluster(world, 'x');
  expect(gateway()?.status).toBe('exited');
  const { warnings } = await start();
  expect(await portOf()).toBe(before);
  expect(gateway()?.status).toBe('running');
  expect(warnings).toEqual([]);
});

test('takes the next port when the first one is in use', async () => {
  const [first = 0, ...others] = portsFor('x');
  await occupy(first);
  await start();
  expect(others).toContain(await portOf());
});

test('moves to another port, and says so, when its port was taken while the lab was stopped', async () => {
  await start();
  const before = await portOf();
  await stopCluster(world, 'x');
  world.failures.set('start labs-x_gateway', new LabError('LAB_PORT_TAKEN', 'address already in use'));
  await occupy(before);
  const { warnings } = await start();
  expect(await portOf()).not.toBe(before);
  expect(warnings.join()).toContain(`Port ${before} is in use`);
});

test('a lab starts without it, with a warning, when the engine refuses it', async () => {
  world.failures.set('start labs-x_gateway', new LabError('LAB_DOCKER_FAILED', 'the network bridge was not found'));
  const { warnings } = await start();
  expect(warnings.join()).toContain('the network bridge was not found');
  expect(gateway()).toBeUndefined();
  await stopCluster(world, 'x');
  expect((await start()).warnings).toEqual([]);
  expect(gateway()?.status).toBe('running');
});

test('replaces one that a killed start left behind', async () => {
  await start();
  for (const name of world.names) if (name !== 'labs-x_gateway') await world.remove(name);
  await start();
  expect(gateway()?.status).toBe('running');
});

test('is deleted with its volume', async () => {
  await start();
  await deleteCluster(world, 'x');
  expect(world.names).toEqual([]);
  expect([...world.volumeLabels.keys()].sort()).toEqual(['labs-images', 'labs-root-test']);
});

test('two labs have different ports, and one lab always has the same', () => {
  expect(portsFor('x')).toEqual(portsFor('x'));
  expect(portsFor('one')[0]).not.toBe(portsFor('two')[0]);
  for (const port of portsFor('service-networking')) expect(port).toBeLessThan(30_000);
});
