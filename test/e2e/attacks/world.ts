// Two labs, and the machine that both run on. Attempts run in the first lab. What they must not reach has a marker.
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { imageVolume } from '../../../src/host/plan/names.ts';
import { labs, type Ran, run, spawnLabs, written } from '../cli-support.ts';
import { ok } from '../graded-lab.ts';
import { commandOf, type Place } from './attack.ts';
import { containerOf, type NodeContainer, neighboursOf } from './container.ts';

export interface Host {
  /** Runs bash on the machine. */
  sh(script: string): Promise<Ran>;
  /** All IPv4 addresses. */
  readonly addresses: readonly string[];
  /** The folder of the pod images. */
  readonly imageStore: string;
}

export interface World extends AsyncDisposable {
  readonly host: Host;
  /** Names of the labs. */
  readonly own: string;
  readonly other: string;
  /** In the names of what attempts make. */
  readonly id: string;
  /** The text of all markers. An attempt that prints it has read a marker. */
  readonly secret: string;
  /** For the scripts of attempts. */
  readonly variables: Readonly<Record<string, string>>;
  /** Runs bash as root in a machine of a lab, as a student does. */
  inNode(lab: string, machine: string, script: string): Promise<Ran>;
  /** What the fabric of the own lab takes for the MAC address of this address. */
  neighbours(address: string): Promise<readonly string[]>;
  container(machine: string): Promise<NodeContainer>;
}

/** Runs a command as root in a machine or in a pod of a lab, as a student does. All attempts go this way. */
const enter = (lab: string, place: string, command: readonly string[]): string[] => [
  '--name',
  lab,
  'shell',
  place,
  '--',
  ...command,
];

export const inNode = (lab: string, machine: string, script: string): Promise<Ran> =>
  labs(enter(lab, machine, ['bash', '-c', script]));

export interface Tried {
  /** All that the attempt has reached. */
  readonly reached: readonly string[];
  readonly output: string;
}

/** Runs a script of an attempt. @param look sees the machine from outside while the script waits in `hold` */
export const tryOut = async (
  { lab, place, machine }: { readonly lab: string; readonly place: Place; readonly machine: string },
  { script, variables = {} }: { readonly script: string; readonly variables?: Readonly<Record<string, string>> },
  look?: () => Promise<string | undefined>,
): Promise<Tried> => {
  const command = commandOf(place, script, variables);
  const running = spawnLabs(enter(lab, place === 'node' ? machine : 'mighty', command), { stdin: 'pipe' });
  let seen: string | undefined;
  try {
    if (look) {
      await written(running.stdout, 'holding');
      seen = await look();
    }
  } finally {
    running.stdin?.end();
  }
  const { stdout, stderr } = await running;
  const lines = String(stdout).split('\n');
  const output = `${stdout}\n${stderr}`;
  expect(
    lines.some((line) => /^(refused|escaped):/.test(line)),
    `no attempt was made:\n${output}`,
  ).toBe(true);
  return { reached: [...lines.filter((line) => /^(escaped|broken):/.test(line)), ...(seen ? [seen] : [])], output };
};

const sh = (script: string): Promise<Ran> => run(['bash', '-c', script]);

/** Starts a lab with so many workers, and keeps its definition in the folder. */
export const startLab = async (
  folder: string,
  name: string,
  workers: number,
  env: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const nodes = ['{ name: controlplane, role: control-plane }'];
  for (let worker = 1; worker <= workers; worker += 1) nodes.push(`{ name: node0${worker} }`);
  mkdirSync(join(folder, name, 'tasks'), { recursive: true });
  writeFileSync(join(folder, name, 'lab.yaml'), labYaml(nodes.join(', ')));
  writeFileSync(join(folder, name, 'tasks/look.md'), '# Look\n\nLook around.\n');
  await ok(labs(['start', join(folder, name), '--name', name, '--yes'], { env }));
};

const labYaml = (nodes: string): string => `
apiVersion: labs/v1
name: attacks
title: Attacks
summary: For tests.
cluster: { nodes: [${nodes}] }
tasks:
  - id: look
    title: Look
    checks: [{ id: node, title: A node, type: object, object: node/controlplane }]
`;

/** With the rights that the API server gives to everyone who may create pods. */
const mightyPod = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mighty' } },
  spec: {
    nodeName: 'node01',
    hostPID: true,
    hostIPC: true,
    containers: [
      {
        ...{ name: 'main', image: 'toolbox', command: ['sleep', 'infinity'] },
        securityContext: { privileged: true, seccompProfile: { type: 'Unconfined' } },
        volumeMounts: [{ name: 'node', mountPath: '/node' }],
      },
    ],
    volumes: [{ name: 'node', hostPath: { path: '/' } }],
  },
};

export const startPod = async (lab: string): Promise<void> => {
  const kubectl = (argv: readonly string[], input?: string) =>
    ok(labs(['--name', lab, 'kubectl', ...argv], input === undefined ? {} : { input }));
  await kubectl(['create', '--filename=-'], JSON.stringify(mightyPod));
  await kubectl(['wait', '--for=condition=Ready', 'pod/mighty', '--timeout=60s']);
};

/** Starts both labs, and puts a marker onto the machine, into another node and into another lab. */
export const createWorld = async (): Promise<World> => {
  const id = `${process.pid}`;
  const [own, other] = [`attack-a-${id}`, `attack-b-${id}`];
  const secret = randomUUID();
  const undo = new AsyncDisposableStack();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'labs-attacks-'));
    undo.defer(async () => rmSync(folder, { recursive: true, force: true }));
    undo.defer(
      async () => void (await Promise.all([own, other].map((lab) => labs(['--name', lab, 'delete', '--yes'])))),
    );
    await Promise.all([startLab(folder, own, 2), startLab(folder, other, 1)]);
    const marker = join(folder, 'marker');
    writeFileSync(marker, secret, { mode: 0o600 });
    const victims = { host: `labsh${id}`, node: `labsn${id}`, other: `labso${id}` };
    undo.defer(await startVictim(folder, victims.host, secret));
    for (const [lab, machine, name] of [
      [own, 'node02', victims.node],
      [other, 'node01', victims.other],
    ] as const) {
      const victim = `cp /usr/bin/sleep /root/${name}; systemd-run --quiet /root/${name} 600`;
      await ok(inNode(lab, machine, `echo ${secret} > /root/labs-marker; ${victim}`));
    }
    await startPod(own);
    const host = await lookAtHost();
    const world = {
      ...{ host, own, other, id, secret, inNode },
      variables: {
        ...{ ID: id, MARKER: marker, VICTIMS: Object.values(victims).join('|') },
        ...{ FABRIC: '192.168.56.1', NODE02: '192.168.56.12', ADDRESSES: host.addresses.join(' ') },
      },
      neighbours: (address: string) => neighboursOf(own, address),
      container: (machine: string) => containerOf(own, machine),
    };
    const disposal = undo.move();
    return { ...world, [Symbol.asyncDispose]: () => disposal.disposeAsync() };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
};

/** A process of the machine with a name and a secret of its own. @returns what ends it */
const startVictim = async (folder: string, name: string, secret: string): Promise<() => Promise<void>> => {
  copyFileSync('/usr/bin/sleep', join(folder, name));
  const victim = execa(join(folder, name), ['600'], { reject: false, env: { LABS_VICTIM: secret } });
  return async () => {
    victim.kill();
    await victim;
  };
};

const lookAtHost = async (): Promise<Host> => {
  const store = await ok(run(['docker', 'volume', 'inspect', '--format', '{{.Mountpoint}}', imageVolume]));
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return { sh, addresses, imageStore: store.stdout };
};
