// Real containers of machines, as labs creates them, and agents that boot the machines in them. The agents are the
// sources of the fabric's agent. They run on this machine, in a mount namespace of their own.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { BootMachine } from '../../../src/api/wiring.ts';
import { containerSpec } from '../../../src/host/cluster/create.ts';
import { connectFabric, type Fabric } from '../../../src/host/cluster/fabric.ts';
import { chooseIds } from '../../../src/host/cluster/ids.ts';
import { archive } from '../../../src/host/cluster/install.ts';
import { connectDocker } from '../../../src/host/docker/dockerode.ts';
import type { Containers, ExecResult } from '../../../src/host/docker/port.ts';
import { imageState, readImageInputs } from '../../../src/host/image/ensure.ts';
import { bootFiles, filesFolder, inMachine, stateFolder, stopSignals } from '../../../src/host/plan/boot.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { certificatesOf, planCluster } from '../../../src/host/plan/plan.ts';
import type { PlannedFile } from '../../../src/host/plan/types.ts';
import { inputOf, readablePki } from '../../unit/plan/fixtures.ts';

const root = new URL('../../..', import.meta.url).pathname;
const main = new URL('../../../src/fabric/main.ts', import.meta.url).pathname;
const label = 'labs.boot-test';

/** A small disk, so that a test can fill it. */
export const diskMiB = 64;

export interface Agent extends AsyncDisposable {
  readonly fabric: Fabric;
  /** Leads to the mount namespace in which it has the control groups. */
  readonly pid: number;
}

export interface TestContainer {
  readonly id: string;
  /** What an agent boots. It changes with each start of the container. */
  readonly target: () => Promise<BootMachine & { readonly ids: number }>;
  /** Runs a shell script in the machine. */
  readonly sh: (script: string) => Promise<ExecResult>;
}

export interface BootLab extends AsyncDisposable {
  readonly docker: Containers;
  /** @param beside shares its claim with this agent */
  agent(beside?: Agent): Promise<Agent>;
  /** Creates and starts the container of a client. @param change of the files that start its machine */
  container(change?: (file: PlannedFile) => PlannedFile): Promise<TestContainer>;
}

const names = Array.from({ length: 40 }, (_, index) => `m${index}`);

/** @throws Error that says what is missing on this machine */
export const openBootLab = async (): Promise<BootLab> => {
  const docker = await connectDocker(process.env);
  const state = await imageState(docker, await readImageInputs(root));
  if (state.node !== 'present') throw new Error('This test needs the node image: run `labs setup` first.');
  const name = `boot-${process.pid}`;
  const input = inputOf(
    { nodes: [], clients: names.map((client) => ({ name: client })) },
    { name, image: state.image },
  );
  const firstId = await chooseIds(docker, input);
  const plan = planCluster({ ...input, firstId }, readablePki(certificatesOf(input)));
  const left = plan.machines.slice(1);
  const container: BootLab['container'] = async (change = (file) => file) => {
    const planned = left.shift();
    if (planned?.ids === undefined) throw new Error('this lab has no machine left');
    const { ids } = planned;
    const mine = { [label]: name, [labels.ids]: String(ids) };
    const id = await docker.create({ ...containerSpec(plan, planned), labels: mine });
    const programs = ['/usr/local/bin/labs'];
    const launcher = bootFiles({ ids, diskMiB, programs, stopSignal: stopSignals.shell, sysctls: '' }).map(change);
    const files = planned.files.map((file) => ({ ...file, path: `${filesFolder}${file.path}` }));
    const packed = await archive([...launcher, ...files], () => Promise.reject(new Error('no bundle')), {
      root: stateFolder,
    });
    await docker.putArchive(id, stateFolder, packed);
    await docker.start(id);
    return {
      id,
      target: async () => ({ machine: planned.name, group: planned.container, ids, pid: await pidOf(docker, id) }),
      sh: (script) => docker.exec(id, { command: inMachine(['sh', '-c', script]) }),
    };
  };
  return {
    docker,
    container,
    agent: startAgent,
    [Symbol.asyncDispose]: async () => {
      for (const { id } of await docker.list({ [label]: name })) await docker.remove(id);
    },
  };
};

const pidOf = async (docker: Containers, id: string): Promise<number> => {
  const pid = (await docker.inspect(id))?.pid ?? 0;
  const isHere = await stat(`/proc/${pid}/root${stateFolder}`).catch(() => undefined);
  if (!isHere) throw new Error('This test needs root, and a Docker engine on this machine.');
  return pid;
};

/** Its own /run has its lock and its control groups, which end with it. */
const alone = [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-ec',
  'mount -t tmpfs run /run; exec "$@"',
  'sh',
];

const startAgent = async (beside?: Agent): Promise<Agent> => {
  const entrance = beside ? ['nsenter', `--mount=/proc/${beside.pid}/ns/mnt`, '--'] : alone;
  const [command = '', ...args] = [...entrance, process.execPath, main, 'agent'];
  const child = spawn(command, args);
  const fabric = await connectFabric({ open: async () => sessionOf(child) } as unknown as Containers, 'the test');
  await fabric.call('hello', {});
  return {
    fabric,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
      await fabric[Symbol.asyncDispose]();
      await ended;
    },
  };
};

const sessionOf = (child: ChildProcessWithoutNullStreams) => ({
  ...{ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, resize: async () => {} },
  exitCode: once(child, 'exit').then(([code]) => Number(code)),
  close: () => void child.stdin.end(),
});
