// ipvs mode: how a change removes endpoints, which endpoints a policy Local gets, and what counts as damage.
import { expect, test } from 'vitest';
import { buildPort } from '../../../../src/node/proxy/ipvs/build-port.ts';
import { serverLines } from '../../../../src/node/proxy/ipvs/plan.ts';
import { RuleWriter } from '../../../../src/node/proxy/ipvs/rule-writer.ts';
import { ServiceTracker } from '../../../../src/node/proxy/view/trackers.ts';
import { FakeNetfilter } from '../../../support/proxy/fake-netfilter.ts';
import { createIpvsRig, fakeKernel } from '../../../support/proxy/ipvs/rig.ts';
import { silent, testNode } from '../../../support/proxy/replay.ts';
import { ip } from '../../../support/proxy/scalars.ts';

const server = (protocol: 'TCP' | 'UDP', ...backends: readonly string[]) => ({
  ...{ protocol, address: '10.96.0.20:53', scheduler: 'rr', persistSeconds: undefined, backends },
});
const known = (protocol: 'TCP' | 'UDP', weights: Readonly<Record<string, number>>) => ({
  ...server(protocol),
  schedulerFlags: '',
  backends: new Map(Object.entries(weights)),
});
const [first, second] = ['10.244.1.2:53', '10.244.1.3:53'] as const;

test('stops new packets to a removed UDP endpoint before it is deleted, so that replies under way still arrive', () => {
  const change = { before: known('UDP', { [first]: 1 }), after: server('UDP', second) };
  expect(serverLines([change])).toEqual({
    open: [`-a -u 10.96.0.20:53 -r ${second} -m -w 1`, `-e -u 10.96.0.20:53 -r ${first} -m -w 0`],
    close: [`-d -u 10.96.0.20:53 -r ${first}`],
    draining: [],
  });
});

test('sets the weight of a removed TCP endpoint to 0 once, and keeps it for its connections', () => {
  for (const [weight, open] of [
    [1, [`-e -t 10.96.0.20:53 -r ${first} -m -w 0`]],
    [0, []],
  ] as const) {
    const change = { before: known('TCP', { [first]: weight, [second]: 1 }), after: server('TCP', second) };
    const draining = [{ server: 'TCP 10.96.0.20:53', backend: first }];
    expect(serverLines([change])).toEqual({ open, close: [], draining });
  }
});

test.each([
  {
    name: "another node's endpoints if the service is reachable from outside",
    nodePort: 30_080,
    backends: ['10.244.2.2:80'],
  },
  { name: 'nothing if the service is reachable only inside', nodePort: 0, backends: [] },
])('internal policy Local without a local endpoint gives a cluster IP $name', ({ nodePort, backends }) => {
  const tracker = new ServiceTracker('IPv4', silent);
  tracker.update(undefined, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.20',
      internalTrafficPolicy: 'Local',
      ports: [{ port: 80, nodePort }],
    },
  });
  tracker.apply();
  const [port] = tracker.ports.values();
  if (!port) throw new Error('the tracker has no service port');
  const endpoint = { ip: ip('10.244.2.2'), port: port.port, address: '10.244.2.2:80', local: false, ready: true };
  const { servers } = buildPort(
    port,
    [{ ...endpoint, serving: true, terminating: false, zoneHints: [], nodeHints: [] }],
    {
      ...{ node: testNode, scheduler: 'rr', machineAddresses: [], nodePortAddresses: ['192.168.56.11'] },
    },
  );
  expect(servers.find(({ address }) => address === '10.96.0.20:80')?.backends).toEqual(backends);
});

test.each([
  { name: 'a changed affinity time-out', options: '-s rr -p 300' },
  { name: 'another scheduler', options: '-s lc -p 10800' },
  { name: 'a flag of the scheduler', options: '-s rr -b flag-1 -p 10800' },
])('counts $name as damage', async ({ options }) => {
  const kernel = fakeKernel();
  const rig = createIpvsRig('IPv4', kernel);
  rig.proxier.onService(undefined, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.20', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] },
  });
  await rig.sync();
  const { signal } = new AbortController();
  expect(await rig.backend.damaged(signal)).toBe(false);
  await kernel.ipvs.restore([`-E -t 10.96.0.20:80 ${options}`], signal);
  expect(await rig.backend.damaged(signal)).toBe(true);
  rig.proxier.forceFull();
  await rig.sync();
  expect(await rig.backend.damaged(signal)).toBe(false);
});

test('notices a chain that was flushed right after kube-proxy had written it', async () => {
  const netfilter = new FakeNetfilter();
  const { signal } = new AbortController();
  const flush = '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n';
  const rules = new RuleWriter({
    restore: (input) => netfilter.restore(input),
    hasChain: (table, chain) => netfilter.hasChain(table, chain),
    save: async () => {
      if (netfilter.inputs.length === 1) await netfilter.restore(flush);
      return netfilter.save();
    },
  });
  const nothing = { filled: new Set<never>(), keptFromNode: [], foreign: new Set<never>() };
  const options = {
    family: 'IPv4',
    masqueradeMark: 0x4000,
    masqueradeAll: false,
    local: undefined,
    ...nothing,
  } as const;
  await rules.write(options, true, signal);
  expect(await rules.damaged(signal)).toBe(true);
  await rules.write(options, true, signal);
  expect(await rules.damaged(signal)).toBe(false);
});
