import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nodes } from '../../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../../src/kit/eventually.ts';
import { startNodeAgent } from '../../../../src/node/kubelet/node/agent.ts';
import { silentLogger } from '../../../support/kubelet.ts';
import { createMemoryClient } from '../../../support/memory-client.ts';

const cniConfigFolder = mkdtempSync(join(tmpdir(), 'labs-agent-'));
let life = new AbortController();
afterEach(() => {
  life.abort();
  rmSync(cniConfigFolder, { recursive: true, force: true });
});

const machine = {
  ...{ name: 'node01', ip: '192.168.56.11', cpus: 2, memoryBytes: 2 ** 31, diskBytes: 2 ** 34, maxPods: 110 },
  ...{ port: 10_250, machineId: 'm', bootId: 'b', kernelVersion: '6', osImage: 'Linux', architecture: 'amd64' },
  runtimeVersion: '1',
};

/** Starts a node, and waits until it is registered. @returns its events */
const eventsOf = async (withoutLimits: readonly string[]): Promise<string[]> => {
  life = new AbortController();
  const client = createMemoryClient();
  const events: string[] = [];
  const recorder = {
    event: (_: unknown, type: string, reason: string, message: string) =>
      void events.push(`${type} ${reason}: ${message}`),
  };
  const images = { find: async () => undefined, list: async () => [], rootfs: () => '' };
  const given = { client, machine, images, cniConfigFolder, withoutLimits, logger: silentLogger, signal: life.signal };
  startNodeAgent({ ...given, events: recorder, labels: {}, taints: [] });
  const look = () => (client.all(nodes)[0]?.status?.conditions ? done(undefined) : notYet('no status'));
  await eventually('the node has a status', look, { timeoutMs: 5000 });
  return events;
};

test('a node that cannot limit its containers says so once, in an event', async () => {
  expect(await eventsOf(['memory', 'cpu'])).toEqual([
    expect.stringMatching(/^Warning LimitsNotEnforced: .*no cgroup controller for memory and cpu: .*labs doctor/),
  ]);
});

test('a node that can limit its containers has no such event', async () => {
  expect(await eventsOf([])).toEqual([]);
});
