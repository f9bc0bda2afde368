import { describe, expect, test } from 'vitest';
import type { FabricMethod } from '../../../src/api/fabric.ts';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { apiServerReady, dnsAnswers, nodesReady, proxiesSynced } from '../../../src/host/cluster/conditions.ts';
import type { Fabric } from '../../../src/host/cluster/fabric.ts';
import type { RunningMachine } from '../../../src/host/cluster/machines.ts';
import { checkProxyModes } from '../../../src/host/cluster/proxy-mode.ts';

const startedAt = new Date('2030-01-01T12:00:00Z');
const machine = (name: string, address: string): RunningMachine => ({
  ...{ name, role: 'node', container: name, id: name, status: 'running', pid: 7, containerPid: 6, startedAt, spec: '' },
  ...{
    address: parseIpv4(address),
    routes: [],
    clusterSize: 3,
    lab: 'lab',
    definition: '',
    folder: '',
    variation: {},
    version: '',
  },
});
const nodes = [machine('controlplane', '192.168.56.10'), machine('node01', '192.168.56.11')];

const pace = { timeoutMs: 100 };
const { signal } = new AbortController();

/** A fabric with fixed answers. An answer that throws means that the agent could not reach its target. */
const fabricOf = (answer: (method: FabricMethod, params: never) => unknown): Fabric => ({
  call: (async (method: FabricMethod, params: never) => answer(method, params)) as unknown as Fabric['call'],
  ended: new AbortController().signal,
  close: () => {},
  [Symbol.asyncDispose]: async () => {},
});

const node = (name: string, ready: string, reason = 'KubeletReady') => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: ready, reason, message: 'words' }] },
});
const lease = (name: string, renewTime: string) => ({ metadata: { name }, spec: { renewTime } });

const kube = (nodeItems: unknown[], leaseItems: unknown[]) =>
  fabricOf((_, { path }: { path: string }) => ({
    status: 200,
    body: { items: path.includes('leases') ? leaseItems : nodeItems },
  }));

describe('nodes', () => {
  const fresh = [lease('controlplane', '2030-01-01T12:00:01Z'), lease('node01', '2030-01-01T12:00:01Z')];
  const ready = [node('controlplane', 'True'), node('node01', 'True')];

  test('are Ready when their condition is True and their kubelets have renewed their leases', async () => {
    await nodesReady(kube(ready, fresh), nodes, pace, signal);
  });

  test.each([
    ['has not registered', [node('controlplane', 'True')], fresh, 'node01 has not registered'],
    [
      'says NotReady',
      [node('controlplane', 'True'), node('node01', 'False', 'NetworkNotReady')],
      fresh,
      'node01 is not Ready (NetworkNotReady: words)',
    ],
    [
      'was Ready before its machine was started again',
      ready,
      [lease('controlplane', '2030-01-01T12:00:01Z'), lease('node01', '2030-01-01T11:59:59Z')],
      'the kubelet of node01 has not renewed its lease',
    ],
    ['has no lease', ready, fresh.slice(0, 1), 'the kubelet of node01 has not renewed its lease'],
  ])('are waited for as long as one %s', async (_, nodeItems, leaseItems, seen) => {
    await expect(nodesReady(kube(nodeItems, leaseItems), nodes, pace, signal)).rejects.toMatchObject({
      code: 'LAB_TIMEOUT',
      message: expect.stringMatching(new RegExp(`every node is Ready. Last seen: ${seen.replace(/[()]/g, '\\$&')}$`)),
    });
  });
});

test('waits for the API server while nothing listens and while it is not ready', async () => {
  const refused = fabricOf(() => {
    throw new Error('connect ECONNREFUSED');
  });
  await expect(apiServerReady(refused, pace, signal)).rejects.toThrow('Last seen: connect ECONNREFUSED');
  const starting = fabricOf(() => ({ status: 500, body: '[-]store failed' }));
  await expect(apiServerReady(starting, pace, signal)).rejects.toThrow('/readyz answers 500 [-]store failed');
});

test('names the node of each kube-proxy that has not synced', async () => {
  const fabric = fabricOf((_, { address }: { address: string }) => {
    if (address === '192.168.56.10') throw new Error('refused');
    return { status: 503, body: '' };
  });
  await expect(proxiesSynced(fabric, nodes, pace, signal)).rejects.toThrow(
    'kube-proxy on controlplane does not answer; kube-proxy on node01 answers 503',
  );
});

describe('the mode of the kube-proxies', () => {
  const modes = (...found: string[]) =>
    fabricOf((_, { place }: { place: { machine: string } }) => {
      const body = found[nodes.findIndex(({ name }) => name === place.machine)];
      return body === undefined ? { ok: false, message: 'Connection refused' } : { ok: true, status: 200, body };
    });

  test.each([
    { what: 'the mode runs everywhere', spec: { mode: 'ipvs' }, found: ['ipvs', 'ipvs'] },
    { what: 'the lab allows the fallback', spec: { mode: 'ipvs', fallback: true }, found: ['iptables', 'ipvs'] },
    { what: 'the lab asks for no mode', spec: {}, found: ['iptables', 'iptables'] },
  ] as const)('is right if $what', async ({ spec, found }) => {
    await checkProxyModes(modes(...found), nodes, { verbosity: 4, ...spec }, signal);
  });

  test.each([
    { what: 'a node runs another mode', found: ['ipvs', 'iptables'], says: 'does not run on node01 (iptables)' },
    { what: 'a node does not answer', found: ['ipvs'], says: 'does not run on node01 (Connection refused)' },
  ])('is an error if $what', async ({ found, says }) => {
    await expect(checkProxyModes(modes(...found), nodes, { verbosity: 4, mode: 'ipvs' }, signal)).rejects.toMatchObject(
      {
        ...{ code: 'LAB_PROXY_MODE', message: expect.stringContaining(says) },
        hint: expect.stringContaining('fallback: true'),
      },
    );
  });
});

test('queries the cluster DNS from a node, through the service address', async () => {
  const asked: unknown[] = [];
  const fabric = fabricOf((_, params) => {
    asked.push(params);
    return { ok: true, addresses: ['10.96.0.1'] };
  });
  const [, node01] = nodes;
  if (node01) await dnsAnswers(fabric, { node: node01, dnsAddress: parseIpv4('10.96.0.10') }, pace, signal);
  expect(asked[0]).toMatchObject({ place: { machine: 'node01', pid: 7 }, nameserver: '10.96.0.10' });
});

test('queries the cluster DNS again while a lost query has no answer', async () => {
  let queries = 0;
  const fabric = fabricOf(() => {
    queries += 1;
    return queries === 1 ? new Promise(() => {}) : { ok: true, addresses: ['10.96.0.1'] };
  });
  const dns = { node: machine('node01', '192.168.56.11'), dnsAddress: parseIpv4('10.96.0.10') };
  await dnsAnswers(fabric, dns, { timeoutMs: 10_000 }, signal);
  expect(queries).toBe(2);
});
