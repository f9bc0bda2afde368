import { expect, test } from 'vitest';
import type { Machine } from '../../../src/host/cluster/machines.ts';
import { unitsOf, unlessComponentsDie } from '../../../src/host/cluster/watchdog.ts';
import { inMachine } from '../../../src/host/plan/boot.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

const show = (restarts: number): string =>
  [
    'Id=kubelet.service\nLoadState=loaded\nActiveState=active\nNRestarts=0\nExecMainStatus=0',
    `Id=kube-proxy.service\nLoadState=loaded\nActiveState=activating\nNRestarts=${restarts}\nExecMainStatus=1`,
    'Id=kube-apiserver.service\nLoadState=not-found\nActiveState=inactive\nNRestarts=0\nExecMainStatus=0',
  ].join('\n\n');

/** A node whose kube-proxy has this number of restarts, and whose journal has these lines. */
const nodeWith = async (restarts: number, journal: (command: readonly string[]) => string) => {
  const docker = new FakeDocker({
    images: { image: {} },
    exec: (_, command) => ({ stdout: command[0] === 'systemctl' ? show(restarts) : journal(command) }),
  });
  const id = await docker.create({ name: 'labs-x-node01', image: 'image', network: 'none' });
  await docker.start(id);
  return { docker, node: { id, name: 'node01' } as Machine };
};

/** A node whose kube-proxy was stopped, with systemd in this state. */
const stoppedProxy = async (system: () => string) => {
  const docker = new FakeDocker({
    images: { image: {} },
    exec: (_, [, verb]) => ({
      stdout: verb === 'is-system-running' ? system() : show(0).replace('activating', 'inactive'),
    }),
  });
  const id = await docker.create({ name: 'labs-x-node01', image: 'image', network: 'none' });
  await docker.start(id);
  return { docker, node: { id, name: 'node01' } as Machine };
};

const never = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const { signal } = new AbortController();

test("reads the states of the node's components from systemd", async () => {
  const { docker, node } = await nodeWith(3, () => '');
  expect(await unitsOf(docker, node, signal)).toEqual([
    { component: 'kubelet', restarts: 0, state: 'active', exitStatus: 0 },
    { component: 'kube-proxy', restarts: 3, state: 'activating', exitStatus: 1 },
  ]);
  // The container's own programs know nothing of the machine's units.
  const entrance = inMachine(['systemctl', 'show']).join(' ');
  expect(docker.calls.filter((call) => call.startsWith(`exec labs-x-node01 ${entrance} `))).toHaveLength(1);
});

test('a component that keeps exiting ends the wait with its last log lines, each once', async () => {
  const { docker, node } = await nodeWith(6, (command) =>
    command.includes('_SYSTEMD_UNIT=kube-proxy.service')
      ? 'no such mode\nno such mode\nbye\n'
      : 'Scheduled restart job',
  );
  await expect(unlessComponentsDie(docker, [node], signal, never)).rejects.toMatchObject({
    code: 'LAB_COMPONENT_DIED',
    message:
      'kube-proxy on node01 keeps exiting: 6 restarts, last exit code 1. Its last log lines:\n    no such mode\n    bye',
  });
});

test("a component without log lines ends the wait with systemd's lines", async () => {
  const { docker, node } = await nodeWith(6, (command) => (command.includes('--unit') ? 'Killed' : ''));
  await expect(unlessComponentsDie(docker, [node], signal, never)).rejects.toThrow('Its last log lines:\n    Killed');
});

test('a condition that becomes true ends the watch', async () => {
  const { docker, node } = await nodeWith(99, () => '');
  await unlessComponentsDie(docker, [node], signal, async () => {});
});

test.each([
  ['running', 'kube-proxy does not run on node01'],
  ['degraded', 'kube-proxy does not run on node01'],
])('a stopped component ends a wait that needs it, once systemd is %s', async (state, message) => {
  const { docker, node } = await stoppedProxy(() => state);
  await expect(unlessComponentsDie(docker, [node], signal, never, ['kube-proxy'])).rejects.toMatchObject({
    code: 'LAB_COMPONENT_STOPPED',
    message,
  });
});

test('a component that systemd has yet to start does not end the wait, nor one that is not needed', async () => {
  const states = ['starting', 'starting', 'running'];
  const { docker, node } = await stoppedProxy(() => states.shift() ?? 'running');
  await expect(unlessComponentsDie(docker, [node], signal, never, ['kube-proxy'])).rejects.toThrow('does not run');
  expect(states).toEqual([]);
  await unlessComponentsDie(docker, [node], signal, () => new Promise((end) => setTimeout(end, 4000)), ['kubelet']);
});
