// iptables mode in a user namespace, where the kernel limits the length of one message of netlink.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { buildBase } from '../../../src/node/proxy/iptables/build-base.ts';
import { buildPort } from '../../../src/node/proxy/iptables/build-port.ts';
import { pieceSizes, planChanges, planFull } from '../../../src/node/proxy/iptables/plan.ts';
import { servicePortsOf } from '../../../src/node/proxy/view/service-ports.ts';
import { checkSlice, endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';
import { readExisting } from '../../../src/node/proxy/xtables/existing.ts';
import { baseOptions, testNode } from '../../support/proxy/replay.ts';

const count = 300;
const base = buildBase(baseOptions);

const portOf = (index: number) => {
  const service: Service = {
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.${index >> 8}.${index & 255}`, ports: [{ port: 80 }] },
  };
  const slice: EndpointSlice = {
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: ['10.244.1.2', '10.244.2.2'].map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
  };
  const [port] = servicePortsOf(service, 'IPv4');
  if (!port) throw new Error('no port');
  const checked = checkSlice(slice, { family: 'IPv4', nodeName: 'n1' });
  return buildPort(port, endpointsOf(checked ? [checked] : []).get(port.key) ?? [], {
    ...{ family: 'IPv4', node: testNode, local: undefined, masqueradeAll: false },
    ...{ countLocalhostNodePorts: false, endpointComments: true },
  });
};
const ports = Array.from({ length: count }, (_, index) => portOf(index + 1));

let holder: ChildProcess;
beforeAll(async () => {
  holder = spawn('unshare', ['--user', '--map-root-user', '--net', 'sleep', '600'], { stdio: 'ignore' });
  const own = await readlink('/proc/self/ns/net');
  const look = async () => ((await readlink(`/proc/${holder.pid}/ns/net`)) === own ? notYet('not yet') : done(true));
  await eventually('the namespaces are there', look, { timeoutMs: 10_000 });
});
afterAll(async () => {
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
});

const inside = (command: readonly string[], input = '') =>
  execa('nsenter', ['--target', String(holder.pid), '--user', '--net', '--', ...command], { input, reject: false });

const restore = async (input: string): Promise<string> => {
  const { exitCode, stderr } = await inside(['iptables-restore', '--noflush'], input);
  return exitCode === 0 ? '' : stderr;
};
const endpointRules = async (): Promise<number> =>
  (await inside(['iptables-save', '-t', 'nat'])).stdout.match(/-j DNAT/g)?.length ?? 0;

test('the kernel refuses the rules of many services in one piece', async () => {
  const [whole] = planFull(base, ports, readExisting(''), pieceSizes.legacy);
  expect(await restore(whole?.input ?? '')).toMatch(/Message too long/);
  expect(await endpointRules()).toBe(0);
});

test('it takes them in the pieces of a user namespace: changes, and a full sync over them', async () => {
  const said: string[] = [];
  for (const { input } of planFull(base, [], readExisting(''), pieceSizes.confined)) said.push(await restore(input));
  const changes = ports.map((after) => ({ before: undefined, after }));
  for (const { input } of planChanges(changes, pieceSizes.confined)) said.push(await restore(input));
  expect(await endpointRules()).toBe(2 * count);
  const saved = readExisting((await inside(['iptables-save'])).stdout);
  for (const { input } of planFull(base, ports, saved, pieceSizes.confined)) said.push(await restore(input));
  expect(said.filter((text) => text !== '')).toEqual([]);
  expect(await endpointRules()).toBe(2 * count);
  const { stdout } = await inside(['iptables', '-t', 'nat', '-S', 'KUBE-SERVICES']);
  expect(stdout.match(/-A KUBE-SERVICES .* -j KUBE-SVC-/g)).toHaveLength(count);
});
